// Build the authors' CAPS and save it, or search it for given values and write the ids. Their programs fix the number of
// values that tag buckets, and return no ids. In the folder of their checkout, with a faiss of their time, such as that
// of Debian 12 (libfaiss-dev, which also brings a BLAS):
//
//     g++ -O3 -march=native -std=gnu++17 -w -fopenmp -Iinclude -o caps PROJECT/examples/originals/caps.cpp \
//         src/FilterIndexHamming.cpp src/readfile.cpp src/utils.cpp -lfaiss -lopenblas
//
// caps build VECTORS LABELS INDEX B H SEED, or caps search VECTORS LABELS INDEX B H QUERIES FILTERS K M IDS: VECTORS and
// QUERIES are fvecs, LABELS and FILTERS have a number per line, and IDS are written as ivecs.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "FilterIndex.h"

std::vector<std::vector<std::string>> read_labels(const char* path) {
    std::vector<std::vector<std::string>> rows;
    std::ifstream file(path);
    for (std::string label; file >> label;) rows.push_back({label});
    return rows;
}

FilterIndex open_index(char** argv) {
    std::size_t dim, n;
    float* items = fvecs_read(argv[2], &dim, &n);
    FilterIndex index(items, dim, n, std::stoul(argv[5]), read_labels(argv[3]), "kmeans", 1);
    index.treelen = std::stoi(argv[6]);
    return index;
}

int build(char** argv) {
    std::srand(std::atoi(argv[7]));
    open_index(argv).get_index("L2", argv[4], 1);
    return 0;
}

int search(char** argv) {
    FilterIndex index = open_index(argv);
    index.loadIndex(argv[4]);
    std::size_t dim, count;
    float* queries = fvecs_read(argv[7], &dim, &count);
    const auto wanted = read_labels(argv[8]);
    const int k = std::stoi(argv[9]), m = std::stoi(argv[10]);
    std::vector<std::int32_t> ids(count * k, -1);
    index.neighbor_set = ids.data();

    const auto start = std::chrono::steady_clock::now();
    for (std::size_t q = 0; q < count; ++q) index.findNearestNeighbor(queries + q * dim, wanted[q], k, m, q);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

    std::ofstream file(argv[11], std::ios::binary);
    for (std::size_t q = 0; q < count; ++q) {
        file.write(reinterpret_cast<const char*>(&k), sizeof k);
        file.write(reinterpret_cast<const char*>(&ids[q * k]), k * sizeof ids[0]);
    }
    std::cout << "searched for " << elapsed.count() << " s\n";
    return 0;
}

int main(int argc, char** argv) {
    const std::string task = argc > 1 ? argv[1] : "";
    if (task == "build" && argc == 8) return build(argv);
    if (task == "search" && argc == 12) return search(argv);
    std::cerr << "usage: caps build VECTORS LABELS INDEX B H SEED, "
                 "or caps search VECTORS LABELS INDEX B H QUERIES FILTERS K M IDS\n";
    return 2;
}
