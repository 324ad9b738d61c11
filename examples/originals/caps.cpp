// Build the authors' CAPS and save it, or search it for given values and write the ids. Their programs fix the number of
// values that tag buckets, and return no ids. In the folder of their checkout, with a faiss of their time, such as that
// of Debian 12 (libfaiss-dev, which also brings a BLAS):
//
//     g++ -O3 -march=native -std=gnu++17 -w -fopenmp -Iinclude -o caps PROJECT/examples/originals/caps.cpp \
//         src/FilterIndexHamming.cpp src/readfile.cpp src/utils.cpp -lfaiss -lopenblas
//
// caps build VECTORS LABELS INDEX B H SEED, or caps search VECTORS LABELS INDEX B H QUERIES FILTERS K M IDS: VECTORS and
// QUERIES are fvecs, LABELS and FILTERS have a number per line, and IDS are written as ivecs.

#include <cstdlib>

#include "program.h"

#include "FilterIndex.h"

FilterIndex open_index(char** argv) {
    std::size_t dim, n;
    float* items = fvecs_read(argv[2], &dim, &n);
    FilterIndex index(items, dim, n, std::stoul(argv[5]), read_values(argv[3]), "kmeans", 1);
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
    const auto wanted = read_values(argv[8]);
    const int k = std::stoi(argv[9]), m = std::stoi(argv[10]);
    Ids ids(count * k, -1);
    index.neighbor_set = ids.data();

    const double seconds = seconds_of([&] {
        for (std::size_t q = 0; q < count; ++q) index.findNearestNeighbor(queries + q * dim, wanted[q], k, m, q);
    });
    write_ids(argv[11], rows_of_k(ids, k));
    return searched_for(seconds);
}

int main(int argc, char** argv) {
    return run_task(argc, argv, {{"build VECTORS LABELS INDEX B H SEED", build},
                                 {"search VECTORS LABELS INDEX B H QUERIES FILTERS K M IDS", search}});
}
