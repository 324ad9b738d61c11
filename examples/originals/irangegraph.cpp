// Search an index of the authors' iRangeGraph for given ranges, which their released program does not: it draws ranges
// of its own, and returns no ids. In the folder of their checkout:
//
//     g++ -O3 -march=native -std=c++17 -fopenmp -Iinclude -o build/tests/answer PROJECT/examples/originals/irangegraph.cpp
//
// answer VECTORS INDEX QUERIES RANGES M K EF IDS: VECTORS, sorted by the attribute, and QUERIES are fbin, RANGES are
// int32 pairs of ranks, and IDS are written as ivecs.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "iRG_search.h"

int main(int argc, char** argv) {
    if (argc != 9) {
        std::cerr << "usage: answer VECTORS INDEX QUERIES RANGES M K EF IDS\n";
        return 2;
    }
    const int M = std::stoi(argv[5]), k = std::stoi(argv[6]), ef = std::max(k, std::stoi(argv[7]));
    iRangeGraph::DataLoader storage;
    storage.LoadQuery(argv[3]);
    std::vector<std::int32_t> ranges(2 * storage.query_nb);
    std::ifstream(argv[4], std::ios::binary).read(reinterpret_cast<char*>(ranges.data()), ranges.size() * sizeof ranges[0]);
    iRangeGraph::iRangeGraph_Search<float> index(argv[1], argv[2], &storage, M);

    std::vector<std::vector<std::int32_t>> ids(storage.query_nb);
    const auto start = std::chrono::steady_clock::now();
    for (int q = 0; q < storage.query_nb; ++q) {
        const int low = ranges[2 * q], high = ranges[2 * q + 1];
        auto nodes = index.tree->range_filter(index.tree->root, low, high);
        auto nearest = index.TopDown_nodeentries_search(nodes, storage.query_points[q].data(), ef, k, low, high, M);
        for (; !nearest.empty(); nearest.pop()) ids[q].push_back(nearest.top().second);
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

    std::ofstream file(argv[8], std::ios::binary);
    for (auto& row : ids) {
        std::reverse(row.begin(), row.end());  // the farthest comes first
        const std::int32_t length = row.size();
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        file.write(reinterpret_cast<const char*>(row.data()), row.size() * sizeof row[0]);
    }
    std::cout << "searched for " << elapsed.count() << " s\n";
}
