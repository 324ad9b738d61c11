// Build the authors' NHQ-NPG_nsw and save it, or search it for given values and write the ids. Their programs fix the
// number of threads, the width of a search, k and the weight of a value, and return no ids. In the folder of their
// checkout:
//
//     g++ -O3 -march=native -std=c++11 -pthread -fopenmp -INHQ-NPG_nsw/include -INHQ-NPG_nsw/third_party/spdlog/include \
//         -o nhq_nsw PROJECT/examples/originals/nhq_nsw.cpp NHQ-NPG_nsw/src/*.cc
//
// nhq_nsw build VECTORS LABELS INDEX M EF_CONSTRUCTION THREADS, or nhq_nsw search INDEX QUERIES LABELS K EF WEIGHT IDS:
// VECTORS and QUERIES are fvecs, LABELS have a number per line, and IDS are written as ivecs.

#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "n2/hnsw.h"

std::vector<std::vector<float>> read_fvecs(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::vector<float>> rows;
    for (std::int32_t dim; file.read(reinterpret_cast<char*>(&dim), sizeof dim);) {
        rows.emplace_back(dim);
        file.read(reinterpret_cast<char*>(rows.back().data()), dim * sizeof(float));
    }
    return rows;
}

int build(char** argv) {
    const auto items = read_fvecs(argv[2]);
    n2::Hnsw index(items[0].size(), "L2");
    for (const auto& item : items) index.AddData(item);
    std::ifstream labels(argv[3]);
    for (std::string label; labels >> label;) index.AddAllNodeAttributes({label});
    index.SetConfigs({{"M", argv[5]}, {"MaxM0", argv[5]}, {"efConstruction", argv[6]}, {"NumThread", argv[7]}});
    index.Fit();
    index.SaveModel(std::string(argv[4]) + "/graph");
    index.SaveAttributeTable(std::string(argv[4]) + "/labels");
    return 0;
}

int search(char** argv) {
    n2::Hnsw index;
    index.LoadModel(std::string(argv[2]) + "/graph", false);
    index.LoadAttributeTable(std::string(argv[2]) + "/labels");
    index.SetConfigs({{"weight_search", argv[7]}});
    const auto queries = read_fvecs(argv[3]);
    std::vector<std::vector<std::string>> wanted;
    std::ifstream labels(argv[4]);
    for (std::string label; labels >> label;) wanted.push_back({label});
    const int k = std::stoi(argv[5]), ef = std::stoi(argv[6]);

    std::vector<std::vector<std::pair<int, float>>> nearest(queries.size());
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t q = 0; q < queries.size(); ++q) index.SearchByVector_new(queries[q], wanted[q], k, ef, nearest[q]);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

    std::ofstream file(argv[8], std::ios::binary);
    for (const auto& row : nearest) {
        const std::int32_t length = row.size();
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        for (const auto& answer : row) file.write(reinterpret_cast<const char*>(&answer.first), sizeof answer.first);
    }
    std::cout << "searched for " << elapsed.count() << " s\n";
    return 0;
}

int main(int argc, char** argv) {
    const std::string task = argc > 1 ? argv[1] : "";
    if (task == "build" && argc == 8) return build(argv);
    if (task == "search" && argc == 9) return search(argv);
    std::cerr << "usage: nhq_nsw build VECTORS LABELS INDEX M EF_CONSTRUCTION THREADS, "
                 "or nhq_nsw search INDEX QUERIES LABELS K EF WEIGHT IDS\n";
    return 2;
}
