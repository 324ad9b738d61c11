// Search an index of the authors' DSG for given ranges, and write the ids, which their program does not. In the folder
// of their checkout, after cmake -DCMAKE_BUILD_TYPE=Release -B build && make -C build:
//
//     g++ -O3 -march=native -std=c++17 -fopenmp -Iinclude -Iinclude/utils -Isrc -o build/answer \
//         PROJECT/examples/originals/dsg.cpp build/libdsg_core.a build/src/utils/libUTIL.a
//
// answer VECTORS INDEX QUERIES RANGES K EF IDS: VECTORS, sorted by the attribute, and QUERIES are fbin, RANGES are int32
// pairs of ranks, and IDS are written as ivecs.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base_hnsw/hnswlib.h"
#include "data_wrapper.h"
#include "dsg.h"
#include "reader.h"

int rows_of(const char* path) {
    std::uint32_t rows = 0;
    std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(&rows), sizeof rows);
    return rows;
}

int main(int argc, char** argv) {
    if (argc != 8) {
        std::cerr << "usage: answer VECTORS INDEX QUERIES RANGES K EF IDS\n";
        return 2;
    }
    const int n = rows_of(argv[1]), count = rows_of(argv[3]), k = std::stoi(argv[5]);
    DataWrapper data(count, k, "given", n);
    ReadBinaryVectors(argv[1], data.nodes, n);
    ReadBinaryVectors(argv[3], data.querys, count);
    data.data_dim = data.nodes.dim();
    std::vector<std::pair<std::int32_t, std::int32_t>> ranges(count);
    std::ifstream(argv[4], std::ios::binary).read(reinterpret_cast<char*>(ranges.data()), ranges.size() * sizeof ranges[0]);
    hnswlib::L2Space space(data.data_dim);
    dsg::DynamicSegmentGraph index(&space, &data);
    index.setQueryTopK(k);
    index.setSearchEf(std::stoul(argv[6]));
    index.load(argv[2]);

    std::vector<std::vector<std::int32_t>> ids(count);
    const auto start = std::chrono::steady_clock::now();
    for (int q = 0; q < count; ++q) {
        index.rangeSearch(data.querys.at(q), ranges[q]);
        for (const unsigned id : index.returned_nns)
            if (id != std::numeric_limits<unsigned>::max() && ids[q].size() < std::size_t(k)) ids[q].push_back(id);
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

    std::ofstream file(argv[7], std::ios::binary);
    for (auto& row : ids) {
        std::reverse(row.begin(), row.end());  // the farthest comes first
        const std::int32_t length = row.size();
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        file.write(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(std::int32_t));
    }
    std::cout << "searched for " << elapsed.count() << " s\n";
}
