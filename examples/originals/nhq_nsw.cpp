// Build the authors' NHQ-NPG_nsw and save it, or search it for given values and write the ids. Their programs fix the
// number of threads, the width of a search, k and the weight of a value, and return no ids. In the folder of their
// checkout:
//
//     g++ -O3 -march=native -std=c++11 -pthread -fopenmp -INHQ-NPG_nsw/include -INHQ-NPG_nsw/third_party/spdlog/include \
//         -o nhq_nsw PROJECT/examples/originals/nhq_nsw.cpp NHQ-NPG_nsw/src/*.cc
//
// nhq_nsw build VECTORS LABELS INDEX M EF_CONSTRUCTION THREADS, or nhq_nsw search INDEX QUERIES LABELS K EF WEIGHT IDS:
// VECTORS and QUERIES are fbin, LABELS have a number per line, and IDS are written as ivecs.

#include "program.h"

#include "n2/hnsw.h"

std::vector<float> row_of(const Vectors& vectors, std::size_t i) { return {vectors.row(i), vectors.row(i) + vectors.dim}; }

int build(char** argv) {
    const Vectors items(argv[2]);
    n2::Hnsw index(items.dim, "L2");
    for (std::size_t i = 0; i < items.count; ++i) index.AddData(row_of(items, i));
    for (const auto& value : read_values(argv[3])) index.AddAllNodeAttributes(value);
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
    const Vectors vectors(argv[3]);
    std::vector<std::vector<float>> queries;
    for (std::size_t q = 0; q < vectors.count; ++q) queries.push_back(row_of(vectors, q));
    const auto wanted = read_values(argv[4]);
    const int k = std::stoi(argv[5]), ef = std::stoi(argv[6]);

    std::vector<std::vector<std::pair<int, float>>> nearest(queries.size());
    const double seconds = seconds_of([&] {
        for (std::size_t q = 0; q < queries.size(); ++q)
            index.SearchByVector_new(queries[q], wanted[q], k, ef, nearest[q]);
    });
    std::vector<Ids> ids(queries.size());
    for (std::size_t q = 0; q < ids.size(); ++q)
        for (const auto& answer : nearest[q]) ids[q].push_back(answer.first);
    write_ids(argv[8], ids);
    return searched_for(seconds);
}

int main(int argc, char** argv) {
    return run_task(argc, argv, {{"build VECTORS LABELS INDEX M EF_CONSTRUCTION THREADS", build},
                                 {"search INDEX QUERIES LABELS K EF WEIGHT IDS", search}});
}
