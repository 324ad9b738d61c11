// Search an index of the authors' DSG for given ranges, and write the ids, which their program does not. In the folder
// of their checkout, after cmake -DCMAKE_BUILD_TYPE=Release -B build && make -C build:
//
//     g++ -O3 -march=native -std=c++17 -fopenmp -Iinclude -Iinclude/utils -Isrc -o build/dsg \
//         PROJECT/examples/originals/dsg.cpp build/libdsg_core.a build/src/utils/libUTIL.a
//
// dsg search VECTORS INDEX QUERIES RANGES K EF IDS: VECTORS, sorted by the attribute, and QUERIES are fbin, RANGES are
// int32 pairs of ranks, and IDS are written as ivecs.

#include <limits>

#include "program.h"

#include "base_hnsw/hnswlib.h"
#include "data_wrapper.h"
#include "dsg.h"
#include "reader.h"

int search(char** argv) {
    const int n = rows_of(argv[2]), count = rows_of(argv[4]), k = std::stoi(argv[6]);
    DataWrapper data(count, k, "given", n);
    ReadBinaryVectors(argv[2], data.nodes, n);
    ReadBinaryVectors(argv[4], data.querys, count);
    data.data_dim = data.nodes.dim();
    const auto ranges = read_ranges(argv[5], count);
    hnswlib::L2Space space(data.data_dim);
    dsg::DynamicSegmentGraph index(&space, &data);
    index.setQueryTopK(k);
    index.setSearchEf(std::stoul(argv[7]));
    index.load(argv[3]);

    std::vector<Ids> ids(count);
    const double seconds = seconds_of([&] {
        for (int q = 0; q < count; ++q) {
            index.rangeSearch(data.querys.at(q), ranges[q]);
            for (const unsigned id : index.returned_nns)
                if (id != std::numeric_limits<unsigned>::max() && ids[q].size() < std::size_t(k)) ids[q].push_back(id);
        }
    });
    for (Ids& row : ids) std::reverse(row.begin(), row.end());  // the farthest comes first
    write_ids(argv[8], ids);
    return searched_for(seconds);
}

int main(int argc, char** argv) { return run_task(argc, argv, {{"search VECTORS INDEX QUERIES RANGES K EF IDS", search}}); }
