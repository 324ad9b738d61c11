// Exact search among the items with the label that a query asks for: a program that runs once per batch of queries.
//
//     g++ -O3 -o flat examples/flat.cpp
//     ./flat VECTORS LABELS QUERIES FILTERS K IDS
//
// VECTORS and QUERIES are fvecs, LABELS and FILTERS have one integer per line, and IDS are written as ivecs.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using Rows = std::vector<std::vector<float>>;

Rows read_fvecs(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot open " + path);
    Rows rows;
    for (std::int32_t dim; file.read(reinterpret_cast<char*>(&dim), sizeof dim);) {
        rows.emplace_back(dim);
        file.read(reinterpret_cast<char*>(rows.back().data()), dim * sizeof(float));
    }
    return rows;
}

std::vector<int> read_labels(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot open " + path);
    std::vector<int> labels;
    for (int label; file >> label;) labels.push_back(label);
    return labels;
}

float squared_distance(const std::vector<float>& a, const std::vector<float>& b) {
    float sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

std::vector<std::int32_t> nearest(const Rows& items, const std::vector<int>& labels, const std::vector<float>& query,
                                  int label, std::size_t k) {
    std::vector<std::pair<float, std::int32_t>> passing;
    for (std::size_t i = 0; i < items.size(); ++i)
        if (labels[i] == label) passing.emplace_back(squared_distance(items[i], query), i);
    k = std::min(k, passing.size());
    std::partial_sort(passing.begin(), passing.begin() + k, passing.end());
    std::vector<std::int32_t> ids;
    for (std::size_t i = 0; i < k; ++i) ids.push_back(passing[i].second);
    return ids;
}

int main(int argc, char** argv) {
    if (argc != 7) {
        std::cerr << "usage: flat VECTORS LABELS QUERIES FILTERS K IDS\n";
        return 2;
    }
    const Rows items = read_fvecs(argv[1]), queries = read_fvecs(argv[3]);
    const std::vector<int> labels = read_labels(argv[2]), filters = read_labels(argv[4]);

    const auto start = std::chrono::steady_clock::now();
    std::vector<std::vector<std::int32_t>> ids;
    for (std::size_t q = 0; q < queries.size(); ++q)
        ids.push_back(nearest(items, labels, queries[q], filters[q], std::stoul(argv[5])));
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

    std::ofstream file(argv[6], std::ios::binary);
    for (const auto& row : ids) {
        const std::int32_t length = row.size();
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        file.write(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(std::int32_t));
    }
    std::cout << "searched for " << elapsed.count() << " s\n";
}
