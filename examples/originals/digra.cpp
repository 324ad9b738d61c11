// Build the authors' DIGRA and save it, or search it for given ranges and write the ids. Their program draws ranges of
// its own, returns no ids, and keeps no index: for that, this reaches into the private members of theirs. In the folder
// of their checkout:
//
//     g++ -O3 -march=native -std=c++17 -w -fopenmp -I. -o digra PROJECT/examples/originals/digra.cpp
//
// digra build VECTORS INDEX M EF_CONSTRUCTION, or digra search VECTORS INDEX M QUERIES RANGES K EF IDS: VECTORS, sorted by
// the attribute, and QUERIES are fbin, RANGES are int32 pairs of ranks, and IDS are written as ivecs.

#include <numeric>
#include <queue>
#include <random>
#include <unordered_map>

#include "program.h"

#include "hnswlib/hnswlib.h"
#define private public
#include "TreeHNSW.hpp"
#undef private

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
    const auto ranges = read_ranges(argv[6], queries.count);
    const int k = std::stoi(argv[7]), ef = std::max(k, std::stoi(argv[8]));

    std::vector<Ids> ids(queries.count);
    const double seconds = seconds_of([&] {
        for (std::size_t q = 0; q < ids.size(); ++q) {
            auto nearest = index.queryRange(queries.data.data() + q * queries.dim, ranges[q].first, ranges[q].second, k, ef);
            ids[q] = nearest_first(nearest);
        }
    });
    write_ids(argv[9], ids);
    return searched_for(seconds);
}

int main(int argc, char** argv) {
    return run_task(argc, argv, {{"build VECTORS INDEX M EF_CONSTRUCTION", build},
                                 {"search VECTORS INDEX M QUERIES RANGES K EF IDS", search}});
}
