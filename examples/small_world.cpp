// A small-world graph, as in HNSW without layers, for ranges of one attribute: a program that stays.
//
//     g++ -O3 -o small_world examples/small_world.cpp
//     ./small_world build VECTORS GRAPH M EF_CONSTRUCTION
//     ./small_world serve VECTORS VALUES GRAPH
//
// `serve` reads lines `search QUERIES FILTERS K EF IDS` and answers `done`. VECTORS and QUERIES are fbin, VALUES has
// one integer per line, FILTERS has `lo hi` per line, and IDS are written as ibin.

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <queue>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using Candidate = std::pair<float, int>;  // distance and item
using Graph = std::vector<std::vector<int>>;

struct Vectors {
    std::uint32_t n = 0, dim = 0;
    std::vector<float> values;

    explicit Vectors(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        if (!file) throw std::runtime_error("cannot open " + path);
        file.read(reinterpret_cast<char*>(&n), sizeof n);
        file.read(reinterpret_cast<char*>(&dim), sizeof dim);
        values.resize(std::size_t(n) * dim);
        file.read(reinterpret_cast<char*>(values.data()), values.size() * sizeof(float));
    }

    const float* operator[](std::size_t i) const { return values.data() + i * dim; }

    float squared_distance(int i, const float* query) const {
        const float* item = (*this)[i];
        float sum = 0;
        for (std::uint32_t d = 0; d < dim; ++d) sum += (item[d] - query[d]) * (item[d] - query[d]);
        return sum;
    }
};

// Walk from item 0 with a beam of ef candidates, and return the nearest passing items, at most ef, nearest first.
template <class Passes>
std::vector<Candidate> walk(const Vectors& items, const Graph& graph, const float* query, std::size_t ef,
                            Passes passes) {
    std::vector<bool> visited(graph.size());
    std::priority_queue<Candidate> beam, passing;  // the farthest on top
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> open;
    const auto visit = [&](int item) {
        visited[item] = true;
        const Candidate candidate(items.squared_distance(item, query), item);
        if (beam.size() == ef && candidate > beam.top()) return;
        open.push(candidate);
        beam.push(candidate);
        if (beam.size() > ef) beam.pop();
        if (!passes(item)) return;
        passing.push(candidate);
        if (passing.size() > ef) passing.pop();
    };
    visit(0);
    while (!open.empty() && !(beam.size() == ef && open.top() > beam.top())) {
        const int item = open.top().second;
        open.pop();
        for (const int neighbour : graph[item])
            if (!visited[neighbour]) visit(neighbour);
    }
    std::vector<Candidate> answer;
    for (; !passing.empty(); passing.pop()) answer.push_back(passing.top());
    std::reverse(answer.begin(), answer.end());
    return answer;
}

// Insert one item after the other, and link each to its M nearest in both directions.
void build(const std::string& vectors, const std::string& path, std::size_t M, std::size_t ef_construction) {
    const Vectors items(vectors);
    Graph graph(1);
    for (std::uint32_t i = 1; i < items.n; ++i) {
        const auto near = walk(items, graph, items[i], ef_construction, [](int) { return true; });
        graph.emplace_back();
        for (std::size_t j = 0; j < std::min(M, near.size()); ++j) {
            graph[i].push_back(near[j].second);
            graph[near[j].second].push_back(i);
        }
    }
    std::ofstream file(path);
    for (const auto& neighbours : graph) {
        for (const int neighbour : neighbours) file << neighbour << ' ';
        file << '\n';
    }
}

template <class Row>
std::vector<Row> read_lines(const std::string& path, Row (*parse)(std::istringstream&)) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot open " + path);
    std::vector<Row> rows;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        rows.push_back(parse(words));
    }
    return rows;
}

std::vector<int> parse_neighbours(std::istringstream& words) {
    std::vector<int> row;
    for (int neighbour; words >> neighbour;) row.push_back(neighbour);
    return row;
}

long parse_value(std::istringstream& words) {
    long value = 0;
    words >> value;
    return value;
}

std::pair<long, long> parse_range(std::istringstream& words) {
    std::pair<long, long> range;
    words >> range.first >> range.second;
    return range;
}

void search(const Vectors& items, const std::vector<long>& values, const Graph& graph, std::istringstream& words) {
    std::string queries_file, filters_file, ids_file;
    std::uint32_t k, ef;
    words >> queries_file >> filters_file >> k >> ef >> ids_file;
    const Vectors queries(queries_file);
    const auto ranges = read_lines(filters_file, parse_range);
    std::vector<std::int32_t> ids(std::size_t(queries.n) * k, -1);
    for (std::uint32_t q = 0; q < queries.n; ++q) {
        const auto [low, high] = ranges[q];
        const auto passes = [&](int item) { return low <= values[item] && values[item] <= high; };
        const auto answer = walk(items, graph, queries[q], std::max(k, ef), passes);
        for (std::size_t j = 0; j < std::min<std::size_t>(k, answer.size()); ++j) ids[q * k + j] = answer[j].second;
    }
    std::ofstream file(ids_file, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&queries.n), sizeof queries.n);
    file.write(reinterpret_cast<const char*>(&k), sizeof k);
    file.write(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(std::int32_t));
}

int main(int argc, char** argv) {
    const std::string task = argc > 1 ? argv[1] : "";
    if (task == "build" && argc == 6) {
        build(argv[2], argv[3], std::stoul(argv[4]), std::stoul(argv[5]));
        return 0;
    }
    if (task != "serve" || argc != 5) {
        std::cerr << "usage: small_world build VECTORS GRAPH M EF_CONSTRUCTION, or serve VECTORS VALUES GRAPH\n";
        return 2;
    }
    const Vectors items(argv[2]);
    const auto values = read_lines(argv[3], parse_value);
    const auto graph = read_lines(argv[4], parse_neighbours);
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        words >> line;
        search(items, values, graph, words);
        std::cout << "done" << std::endl;  // which flushes, too
    }
}
