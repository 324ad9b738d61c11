// Build the authors' ACORN and save it, or search it for given labels and write the ids. They release an index within a
// faiss of their own, which cannot be saved, and no program for the data of others. In the folder faiss of their
// checkout, with any BLAS:
//
//     g++ -O3 -march=native -std=c++17 -w -fopenmp -DFINTEGER=int -I.. -o ../acorn PROJECT/examples/originals/acorn.cpp \
//         Index{,ACORN,Flat,FlatCodes}.cpp impl/{ACORN,AuxIndexStructures,FaissException,IDSelector}.cpp \
//         utils/{distances,distances_simd,extra_distances,Heap,partitioning,random,sorting,utils}.cpp \
//         utils/distances_fused/*.cpp -lopenblas
//
// acorn build VECTORS INDEX M GAMMA M_BETA, or acorn search VECTORS LABELS INDEX M GAMMA M_BETA QUERIES FILTERS K EF IDS:
// VECTORS and QUERIES are fbin, LABELS and FILTERS have a line of comma-separated numbers for each, and IDS are written
// as ivecs. An item passes if it has all labels of the filter. Which items pass is found outside of what is timed, since
// ACORN is given it.

#include <sstream>

#include "program.h"

#include <faiss/IndexACORN.h>

using Labels = std::vector<std::vector<std::size_t>>;

constexpr std::size_t kMapBytes = 64 << 20;

Labels read_labels(const char* path) {
    Labels rows;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        rows.emplace_back();
        std::istringstream words(line);
        for (std::string word; std::getline(words, word, ',');) rows.back().push_back(std::stoul(word));
    }
    return rows;
}

Labels items_by_label(const Labels& labels) {
    Labels items;
    for (std::size_t item = 0; item < labels.size(); ++item)
        for (const std::size_t label : labels[item]) {
            items.resize(std::max(items.size(), label + 1));
            items[label].push_back(item);
        }
    return items;
}

template <typename T>
void save(std::ofstream& file, const std::vector<T>& values) {
    const std::size_t size = values.size();
    file.write(reinterpret_cast<const char*>(&size), sizeof size);
    file.write(reinterpret_cast<const char*>(values.data()), size * sizeof(T));
}

template <typename T>
void load(std::ifstream& file, std::vector<T>& values) {
    std::size_t size = 0;
    file.read(reinterpret_cast<char*>(&size), sizeof size);
    values.resize(size);
    file.read(reinterpret_cast<char*>(values.data()), size * sizeof(T));
}

int build(char** argv) {
    const Vectors items(argv[2]);
    std::vector<int> unused(items.count);
    faiss::IndexACORNFlat index(items.dim, std::stoi(argv[4]), std::stoi(argv[5]), unused, std::stoi(argv[6]));
    index.add(items.count, items.data.data());
    std::ofstream file(argv[3], std::ios::binary);
    save(file, std::vector<int>{index.acorn.entry_point, index.acorn.max_level});
    save(file, index.acorn.levels);
    save(file, index.acorn.offsets);
    save(file, index.acorn.neighbors);
    return 0;
}

int search(char** argv) {
    const Vectors items(argv[2]), queries(argv[8]);
    const Labels having = items_by_label(read_labels(argv[3])), wanted = read_labels(argv[9]);
    std::vector<int> unused(items.count), top;
    faiss::IndexACORNFlat index(items.dim, std::stoi(argv[5]), std::stoi(argv[6]), unused, std::stoi(argv[7]));
    index.storage->add(items.count, items.data.data());
    index.ntotal = items.count;
    std::ifstream file(argv[4], std::ios::binary);
    load(file, top);
    index.acorn.entry_point = top[0];
    index.acorn.max_level = top[1];
    load(file, index.acorn.levels);
    load(file, index.acorn.offsets);
    load(file, index.acorn.neighbors);
    const int k = std::stoi(argv[10]);
    index.acorn.efSearch = std::stoi(argv[11]);

    std::vector<faiss::idx_t> nearest(std::size_t(queries.count) * k);
    std::vector<float> distances(nearest.size());
    const std::size_t step = std::max<std::size_t>(1, kMapBytes / items.count);
    double seconds = 0;
    for (std::size_t first = 0; first < queries.count; first += step) {
        const std::size_t count = std::min<std::size_t>(step, queries.count - first);
        std::vector<char> passes(count * items.count);
        for (std::size_t q = 0; q < count; ++q) {
            char* of_query = &passes[q * items.count];
            for (const std::size_t label : wanted[first + q])
                for (const std::size_t item : having[label]) ++of_query[item];
            for (std::size_t item = 0; item < items.count; ++item) of_query[item] = of_query[item] == wanted[first + q].size();
        }
        seconds += seconds_of([&] {
            index.search(count, queries.row(first), k, &distances[first * k], &nearest[first * k], passes.data());
        });
    }
    write_ids(argv[12], rows_of_k(nearest, k));
    return searched_for(seconds);
}

int main(int argc, char** argv) {
    return run_task(argc, argv, {{"build VECTORS INDEX M GAMMA M_BETA", build},
                                 {"search VECTORS LABELS INDEX M GAMMA M_BETA QUERIES FILTERS K EF IDS", search}});
}
