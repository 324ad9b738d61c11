// Build the authors' NHQ-NPG_kgraph and save it, or search it for given values and write the ids. Their programs fix the
// number of threads, the width of a search, k and the weight of a value, and return no ids. In the folder of their
// checkout:
//
//     g++ -O3 -march=native -std=c++11 -fopenmp -INHQ-NPG_kgraph/include -o nhq_kgraph \
//         PROJECT/examples/originals/nhq_kgraph.cpp NHQ-NPG_kgraph/src/*.cpp
//
// nhq_kgraph build VECTORS LABELS INDEX K L ITER S R RANGE PL B SEED, or nhq_kgraph search VECTORS INDEX QUERIES
// LABELS K L WEIGHT SEED IDS: VECTORS and QUERIES are fvecs, LABELS have a number per line, and IDS are written as ivecs.

#include <cstdlib>

#include "program.h"

#include "efanna2e/index_graph.h"
#include "efanna2e/index_random.h"
#include "efanna2e/util.h"

// Vectors that are filled up with zeros to a number of dimensions that the authors' distances take.
struct Aligned {
    float* data;
    unsigned count, dim;

    explicit Aligned(char* path) {
        efanna2e::load_data(path, data, count, dim);
        data = efanna2e::data_align(data, count, dim);
    }
};

int build(char** argv) {
    const Aligned items(argv[2]);
    std::srand(std::atoi(argv[13]));
    efanna2e::IndexRandom start(items.dim, items.count);
    efanna2e::IndexGraph index(items.dim, items.count, efanna2e::L2, &start);
    for (const auto& value : read_values(argv[3])) index.AddAllNodeAttributes(value);
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
    const Aligned items(argv[2]), queries(argv[4]);
    const unsigned k = std::atoi(argv[6]), L = std::max<unsigned>(k, std::atoi(argv[7]));
    std::srand(std::atoi(argv[9]));
    efanna2e::IndexRandom start(items.dim, items.count);
    efanna2e::IndexGraph index(items.dim, items.count, efanna2e::FAST_L2, &start);
    index.Load((std::string(argv[3]) + "/graph").c_str());
    index.LoadAttributeTable(std::string(argv[3]) + "/labels");
    index.OptimizeGraph(items.data);
    auto wanted = read_values(argv[5]);
    efanna2e::Parameters params;
    params.Set<unsigned>("L_search", L);
    params.Set<std::string>("weight_search", argv[8]);

    std::vector<unsigned> ids(std::size_t(queries.count) * k);
    const double seconds = seconds_of([&] {
        for (std::size_t q = 0; q < queries.count; ++q)
            index.SearchWithOptGraph(wanted[q], queries.data + q * queries.dim, k, params, &ids[q * k]);
    });
    write_ids(argv[10], rows_of_k(ids, k));
    return searched_for(seconds);
}

int main(int argc, char** argv) {
    return run_task(argc, argv, {{"build VECTORS LABELS INDEX K L ITER S R RANGE PL B SEED", build},
                                 {"search VECTORS INDEX QUERIES LABELS K L WEIGHT SEED IDS", search}});
}
