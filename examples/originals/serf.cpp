// Build the authors' SeRF and save it, or search it for given ranges and write the ids; their program draws ranges of
// its own, and returns no ids. In the folder of their checkout, after cmake -B build && make -C build:
//
//     g++ -Ofast -march=native -std=c++17 -fopenmp -Iinclude -Iinclude/common -Isrc -o build/serf \
//         PROJECT/examples/originals/serf.cpp build/src/common/libUTIL.a
//
// serf build VECTORS INDEX M EF_CONSTRUCTION EF_MAX, or serf search VECTORS INDEX M QUERIES RANGES K EF IDS: VECTORS,
// sorted by the attribute, and QUERIES are fbin, RANGES are int32 pairs of ranks, and IDS are written as ivecs.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "data_wrapper.h"
#include "index_base.h"
#include "segment_graph_2d.h"
#include "utils.h"

std::vector<std::vector<float>> read_fbin(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::uint32_t head[2] = {0, 0};
    file.read(reinterpret_cast<char*>(head), sizeof head);
    std::vector<std::vector<float>> rows(head[0], std::vector<float>(head[1]));
    for (auto& row : rows) file.read(reinterpret_cast<char*>(row.data()), row.size() * sizeof(float));
    return rows;
}

int main(int argc, char** argv) {
    const std::string task = argc > 1 ? argv[1] : "";
    if (!(task == "build" && argc == 7) && !(task == "search" && argc == 10)) {
        std::cerr << "usage: serf build VECTORS INDEX M EF_CONSTRUCTION EF_MAX, "
                     "or serf search VECTORS INDEX M QUERIES RANGES K EF IDS\n";
        return 2;
    }
    const auto items = read_fbin(argv[2]);
    const unsigned M = std::stoul(argv[4]);
    const int k = task == "search" ? std::stoi(argv[7]) : 1;
    DataWrapper data(0, k, "given", items.size());
    data.nodes = items;
    data.data_dim = items[0].size();
    data.real_keys = false;
    base_hnsw::L2Space space(data.data_dim);
    SeRF::IndexSegmentGraph2D index(&space, &data);
    if (task == "build") {
        const unsigned ef_construction = std::stoul(argv[5]);
        BaseIndex::IndexParams params(M, ef_construction, ef_construction, std::stoul(argv[6]));
        index.buildIndex(&params);
        index.save(argv[3]);
        return 0;
    }
    index.load(argv[3]);
    BaseIndex::IndexParams params(M, 0, 0, 0);
    index.index_params_ = &params;  // which loading leaves open, like the marks of visited items
    index.visited_list_pool_ = new base_hnsw::VisitedListPool(1, items.size());
    const auto queries = read_fbin(argv[5]);
    std::vector<std::pair<std::int32_t, std::int32_t>> ranges(queries.size());
    std::ifstream(argv[6], std::ios::binary).read(reinterpret_cast<char*>(ranges.data()), ranges.size() * sizeof ranges[0]);
    BaseIndex::SearchInfo info(&data, &params, "SeRF_2D", "given");
    BaseIndex::SearchParams search;
    search.query_K = k;
    search.search_ef = std::stoul(argv[8]);

    std::vector<std::vector<int>> ids(queries.size());
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t q = 0; q < queries.size(); ++q) {
        search.query_range = ranges[q].second - ranges[q].first + 1;
        ids[q] = index.rangeFilteringSearchOutBound(&search, &info, queries[q], ranges[q]);
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

    std::ofstream file(argv[9], std::ios::binary);
    for (auto& row : ids) {
        std::reverse(row.begin(), row.end());  // the farthest comes first
        const std::int32_t length = row.size();
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        file.write(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(int));
    }
    std::cout << "searched for " << elapsed.count() << " s\n";
}
