// Build the authors' SeRF and save it, or search it for given ranges and write the ids; their program draws ranges of
// its own, and returns no ids. In the folder of their checkout, after cmake -B build && make -C build:
//
//     g++ -Ofast -march=native -std=c++17 -fopenmp -Iinclude -Iinclude/common -Isrc -o build/serf \
//         PROJECT/examples/originals/serf.cpp build/src/common/libUTIL.a
//
// serf build VECTORS INDEX M EF_CONSTRUCTION EF_MAX, or serf search VECTORS INDEX M QUERIES RANGES K EF IDS: VECTORS,
// sorted by the attribute, and QUERIES are fbin, RANGES are int32 pairs of ranks, and IDS are written as ivecs.

#include <iomanip>
#include <limits>

#include "program.h"

#include "data_wrapper.h"
#include "index_base.h"
#include "segment_graph_2d.h"
#include "utils.h"

std::vector<std::vector<float>> rows_in(const char* path) {
    const Vectors vectors(path);
    std::vector<std::vector<float>> rows;
    for (std::size_t i = 0; i < vectors.count; ++i) rows.emplace_back(vectors.row(i), vectors.row(i) + vectors.dim);
    return rows;
}

DataWrapper given(const char* path, int k) {
    const auto items = rows_in(path);
    DataWrapper data(0, k, "given", items.size());
    data.nodes = items;
    data.data_dim = items[0].size();
    data.real_keys = false;
    return data;
}

struct Index {
    DataWrapper data;
    base_hnsw::L2Space space;
    SeRF::IndexSegmentGraph2D graph;

    Index(const char* path, int k) : data(given(path, k)), space(data.data_dim), graph(&space, &data) {}
};

int build(char** argv) {
    Index index(argv[2], 1);
    const unsigned ef_construction = std::stoul(argv[5]);
    BaseIndex::IndexParams params(std::stoul(argv[4]), ef_construction, ef_construction, std::stoul(argv[6]));
    index.graph.buildIndex(&params);
    index.graph.save(argv[3]);
    return 0;
}

int search(char** argv) {
    const int k = std::stoi(argv[7]);
    Index index(argv[2], k);
    index.graph.load(argv[3]);
    BaseIndex::IndexParams params(std::stoul(argv[4]), 0, 0, 0);
    index.graph.index_params_ = &params;  // which loading leaves open, like the marks of visited items
    index.graph.visited_list_pool_ = new base_hnsw::VisitedListPool(1, index.data.nodes.size());
    const auto queries = rows_in(argv[5]);
    const auto ranges = read_ranges(argv[6], queries.size());
    BaseIndex::SearchInfo info(&index.data, &params, "SeRF_2D", "given");
    BaseIndex::SearchParams search;
    search.query_K = k;
    search.search_ef = std::stoul(argv[8]);

    std::vector<Ids> ids(queries.size());
    const double seconds = seconds_of([&] {
        for (std::size_t q = 0; q < queries.size(); ++q) {
            search.query_range = ranges[q].second - ranges[q].first + 1;
            ids[q] = index.graph.rangeFilteringSearchOutBound(&search, &info, queries[q], ranges[q]);
        }
    });
    for (Ids& row : ids) std::reverse(row.begin(), row.end());  // the farthest comes first
    write_ids(argv[9], ids);
    return searched_for(seconds);
}

int main(int argc, char** argv) {
    return run_task(argc, argv, {{"build VECTORS INDEX M EF_CONSTRUCTION EF_MAX", build},
                                 {"search VECTORS INDEX M QUERIES RANGES K EF IDS", search}});
}
