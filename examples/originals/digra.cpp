// Build the authors' DIGRA and save it, or search it for given ranges and write the ids. Their program draws ranges of
// its own, returns no ids, and keeps no index: for that, this reaches into the private members of theirs. In the folder
// of their checkout:
//
//     g++ -O3 -march=native -std=c++17 -w -fopenmp -I. -o digra PROJECT/examples/originals/digra.cpp
//
// digra build VECTORS INDEX M EF_CONSTRUCTION, or digra search VECTORS INDEX M QUERIES RANGES K EF IDS: VECTORS, sorted by
// the attribute, and QUERIES are fbin, RANGES are int32 pairs of ranks, and IDS are written as ivecs.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <numeric>
#include <queue>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hnswlib/hnswlib.h"
#define private public
#include "TreeHNSW.hpp"
#undef private

struct Vectors {
    std::uint32_t count, dim;
    std::vector<float> data;

    explicit Vectors(const char* path) {
        std::ifstream file(path, std::ios::binary);
        file.read(reinterpret_cast<char*>(&count), sizeof count);
        file.read(reinterpret_cast<char*>(&dim), sizeof dim);
        data.resize(std::size_t(count) * dim);
        file.read(reinterpret_cast<char*>(data.data()), data.size() * sizeof(float));
    }
};

void save_node(std::ofstream& file, const RangeHNSW::node* node) {
    file.write(reinterpret_cast<const char*>(node), sizeof *node);
    for (int i = 0; node->layer > 0 && i <= node->keynum; ++i) save_node(file, node->child[i]);
}

RangeHNSW::node* load_node(std::ifstream& file) {
    auto* node = new RangeHNSW::node();
    file.read(reinterpret_cast<char*>(node), sizeof *node);
    for (int i = 0; node->layer > 0 && i <= node->keynum; ++i) node->child[i] = load_node(file);
    return node;
}

int build(char** argv) {
    Vectors items(argv[2]);
    std::vector<int> ranks(items.count);
    std::iota(ranks.begin(), ranks.end(), 0);
    RangeHNSW index(items.dim, items.count, items.count, items.data.data(), ranks.data(), ranks.data(), std::stoi(argv[4]),
                    std::stoi(argv[5]));
    std::ofstream file(argv[3], std::ios::binary);
    save_node(file, index.root);
    for (char* rows : index.linklist) file.write(rows, (index.root->layer + 1) * index.sizeLinkList);
    return 0;
}

int search(char** argv) {
    Vectors items(argv[2]), queries(argv[5]);
    std::vector<int> ranks(items.count);
    std::iota(ranks.begin(), ranks.end(), 0);
    RangeHNSW index(items.dim, 1, items.count, items.data.data(), ranks.data(), ranks.data(), std::stoi(argv[4]), 1);
    std::copy(ranks.begin(), ranks.end(), index.keyList_);
    std::copy(ranks.begin(), ranks.end(), index.valueList_);
    std::copy(items.data.begin(), items.data.end(), reinterpret_cast<float*>(index.vecData_));
    std::fill_n(index.visited_array, items.count, 0);
    std::ifstream file(argv[3], std::ios::binary);
    index.root = load_node(file);
    for (char*& rows : index.linklist) {
        rows = new char[(index.root->layer + 1) * index.sizeLinkList];
        file.read(rows, (index.root->layer + 1) * index.sizeLinkList);
    }
    std::vector<std::pair<std::int32_t, std::int32_t>> ranges(queries.count);
    std::ifstream(argv[6], std::ios::binary).read(reinterpret_cast<char*>(ranges.data()), ranges.size() * sizeof ranges[0]);
    const int k = std::stoi(argv[7]), ef = std::max(k, std::stoi(argv[8]));

    std::vector<std::vector<std::int32_t>> ids(queries.count);
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t q = 0; q < ids.size(); ++q) {
        auto nearest = index.queryRange(&queries.data[q * queries.dim], ranges[q].first, ranges[q].second, k, ef);
        for (; !nearest.empty(); nearest.pop()) ids[q].push_back(nearest.top().second);
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

    std::ofstream answers(argv[9], std::ios::binary);
    for (auto& row : ids) {
        std::reverse(row.begin(), row.end());  // the farthest comes first
        const std::int32_t length = row.size();
        answers.write(reinterpret_cast<const char*>(&length), sizeof length);
        answers.write(reinterpret_cast<const char*>(row.data()), row.size() * sizeof row[0]);
    }
    std::cout << "searched for " << elapsed.count() << " s\n";
    return 0;
}

int main(int argc, char** argv) {
    const std::string task = argc > 1 ? argv[1] : "";
    if (task == "build" && argc == 6) return build(argv);
    if (task == "search" && argc == 10) return search(argv);
    std::cerr << "usage: digra build VECTORS INDEX M EF_CONSTRUCTION, "
                 "or digra search VECTORS INDEX M QUERIES RANGES K EF IDS\n";
    return 2;
}
