// Build the authors' NHQ-NPG_kgraph and save it, or search it for given values and write the ids. Their programs fix the
// number of threads, the width of a search, k and the weight of a value, and return no ids. In the folder of their
// checkout:
//
//     g++ -O3 -march=native -std=c++11 -fopenmp -INHQ-NPG_kgraph/include -o nhq_kgraph \
//         PROJECT/examples/originals/nhq_kgraph.cpp NHQ-NPG_kgraph/src/*.cpp
//
// nhq_kgraph build VECTORS LABELS INDEX K L ITER S R RANGE PL B SEED, or nhq_kgraph search VECTORS INDEX QUERIES
// LABELS K L WEIGHT SEED IDS: VECTORS and QUERIES are fvecs, LABELS have a number per line, and IDS are written as ivecs.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "efanna2e/index_graph.h"
#include "efanna2e/index_random.h"
#include "efanna2e/util.h"

struct Vectors {
    float* data;
    unsigned count, dim;

    explicit Vectors(char* path) {
        efanna2e::load_data(path, data, count, dim);
        data = efanna2e::data_align(data, count, dim);
    }
};

int build(char** argv) {
    const Vectors items(argv[2]);
    std::srand(std::atoi(argv[13]));
    efanna2e::IndexRandom start(items.dim, items.count);
    efanna2e::IndexGraph index(items.dim, items.count, efanna2e::L2, &start);
    std::ifstream labels(argv[3]);
    for (std::string label; labels >> label;) index.AddAllNodeAttributes({label});
    efanna2e::Parameters params;
    const char* names[] = {"K", "L", "iter", "S", "R", "RANGE", "PL", "B"};
    for (int i = 0; i < 8; ++i) params.Set<std::string>(names[i], argv[5 + i]);
    params.Set<float>("M", 1);  // as in all settings that they publish
    index.Build(items.count, items.data, params);
    index.Save((std::string(argv[4]) + "/graph").c_str());
    index.SaveAttributeTable(std::string(argv[4]) + "/labels");
    return 0;
}

int search(char** argv) {
    const Vectors items(argv[2]), queries(argv[4]);
    const unsigned k = std::atoi(argv[6]), L = std::max<unsigned>(k, std::atoi(argv[7]));
    std::srand(std::atoi(argv[9]));
    efanna2e::IndexRandom start(items.dim, items.count);
    efanna2e::IndexGraph index(items.dim, items.count, efanna2e::FAST_L2, &start);
    index.Load((std::string(argv[3]) + "/graph").c_str());
    index.LoadAttributeTable(std::string(argv[3]) + "/labels");
    index.OptimizeGraph(items.data);
    std::vector<std::vector<std::string>> wanted;
    std::ifstream labels(argv[5]);
    for (std::string label; labels >> label;) wanted.push_back({label});
    efanna2e::Parameters params;
    params.Set<unsigned>("L_search", L);
    params.Set<std::string>("weight_search", argv[8]);

    std::vector<unsigned> ids(std::size_t(queries.count) * k);
    const auto begin = std::chrono::steady_clock::now();
    for (unsigned q = 0; q < queries.count; ++q)
        index.SearchWithOptGraph(wanted[q], queries.data + std::size_t(q) * queries.dim, k, params, &ids[std::size_t(q) * k]);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;

    std::ofstream file(argv[10], std::ios::binary);
    for (unsigned q = 0; q < queries.count; ++q) {
        file.write(reinterpret_cast<const char*>(&k), sizeof k);
        file.write(reinterpret_cast<const char*>(&ids[std::size_t(q) * k]), k * sizeof ids[0]);
    }
    std::cout << "searched for " << elapsed.count() << " s\n";
    return 0;
}

int main(int argc, char** argv) {
    const std::string task = argc > 1 ? argv[1] : "";
    if (task == "build" && argc == 14) return build(argv);
    if (task == "search" && argc == 11) return search(argv);
    std::cerr << "usage: nhq_kgraph build VECTORS LABELS INDEX K L ITER S R RANGE PL B SEED, "
                 "or nhq_kgraph search VECTORS INDEX QUERIES LABELS K L WEIGHT SEED IDS\n";
    return 2;
}
