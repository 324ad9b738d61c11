// Search an index of the authors' iRangeGraph for given ranges, which their released program does not: it draws ranges
// of its own, and returns no ids. In the folder of their checkout:
//
//     g++ -O3 -march=native -std=c++17 -fopenmp -Iinclude -o build/tests/irangegraph PROJECT/examples/originals/irangegraph.cpp
//
// irangegraph search VECTORS INDEX QUERIES RANGES M K EF IDS: VECTORS, sorted by the attribute, and QUERIES are fbin,
// RANGES are int32 pairs of ranks, and IDS are written as ivecs.

#include "program.h"

#include "iRG_search.h"

int search(char** argv) {
    const int M = std::stoi(argv[6]), k = std::stoi(argv[7]), ef = std::max(k, std::stoi(argv[8]));
    iRangeGraph::DataLoader storage;
    storage.LoadQuery(argv[4]);
    const auto ranges = read_ranges(argv[5], storage.query_nb);
    iRangeGraph::iRangeGraph_Search<float> index(argv[2], argv[3], &storage, M);

    std::vector<Ids> ids(storage.query_nb);
    const double seconds = seconds_of([&] {
        for (int q = 0; q < storage.query_nb; ++q) {
            const int low = ranges[q].first, high = ranges[q].second;
            auto nodes = index.tree->range_filter(index.tree->root, low, high);
            auto nearest = index.TopDown_nodeentries_search(nodes, storage.query_points[q].data(), ef, k, low, high, M);
            ids[q] = nearest_first(nearest);
        }
    });
    write_ids(argv[9], ids);
    return searched_for(seconds);
}

int main(int argc, char** argv) { return run_task(argc, argv, {{"search VECTORS INDEX QUERIES RANGES M K EF IDS", search}}); }
