// What the programs in this folder share: the files that a run writes and reads, the time of a search, and the choice of
// a task. C++11.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

using Ids = std::vector<std::int32_t>;

// Vectors of an fbin file: the two counts, then the rows.
struct Vectors {
    std::uint32_t count = 0, dim = 0;
    std::vector<float> data;

    explicit Vectors(const char* path) {
        std::ifstream file(path, std::ios::binary);
        file.read(reinterpret_cast<char*>(&count), sizeof count);
        file.read(reinterpret_cast<char*>(&dim), sizeof dim);
        data.resize(std::size_t(count) * dim);
        file.read(reinterpret_cast<char*>(data.data()), data.size() * sizeof(float));
    }

    const float* row(std::size_t i) const { return &data[i * dim]; }
};

// The number of rows that an fbin file says it has.
inline std::uint32_t rows_of(const char* path) {
    std::uint32_t rows = 0;
    std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(&rows), sizeof rows);
    return rows;
}

// The first and last rank of a range for each of `count` queries.
inline std::vector<std::pair<std::int32_t, std::int32_t>> read_ranges(const char* path, std::size_t count) {
    std::vector<std::pair<std::int32_t, std::int32_t>> ranges(count);
    std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(ranges.data()), count * sizeof ranges[0]);
    return ranges;
}

// A file with one value per line, each as the only value of its item or query.
inline std::vector<std::vector<std::string>> read_values(const char* path) {
    std::vector<std::vector<std::string>> rows;
    std::ifstream file(path);
    for (std::string value; file >> value;) rows.push_back({value});
    return rows;
}

// Answers as ivecs: for each query, the number of its ids, then the ids, the nearest first.
inline void write_ids(const char* path, const std::vector<Ids>& rows) {
    std::ofstream file(path, std::ios::binary);
    for (const Ids& row : rows) {
        const std::int32_t length = row.size();
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        file.write(reinterpret_cast<const char*>(row.data()), row.size() * sizeof row[0]);
    }
}

// Answers that lie in one array, k of them for each query.
template <typename Id>
std::vector<Ids> rows_of_k(const std::vector<Id>& ids, std::size_t k) {
    std::vector<Ids> rows;
    for (auto row = ids.begin(); row != ids.end(); row += k) rows.emplace_back(row, row + k);
    return rows;
}

// Answers of a queue whose top is the farthest.
template <typename Queue>
Ids nearest_first(Queue& queue) {
    Ids ids;
    for (; !queue.empty(); queue.pop()) ids.push_back(queue.top().second);
    std::reverse(ids.begin(), ids.end());
    return ids;
}

// The seconds that `search` takes.
template <typename Search>
double seconds_of(Search search) {
    const auto start = std::chrono::steady_clock::now();
    search();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Print the time of a search in the form that the configurations read.
inline int searched_for(double seconds) {
    std::cout << "searched for " << seconds << " s\n";
    return 0;
}

struct Task {
    const char* arguments;  // its name, and what it takes
    int (*run)(char** argv);
};

// Run the task that the command line names, if it has as many arguments.
inline int run_task(int argc, char** argv, const std::vector<Task>& tasks) {
    for (const Task& task : tasks) {
        const std::string arguments = task.arguments, name = arguments.substr(0, arguments.find(' '));
        if (argc > 1 && argv[1] == name && argc == 2 + std::count(arguments.begin(), arguments.end(), ' '))
            return task.run(argv);
    }
    for (const Task& task : tasks) std::cerr << "usage: " << argv[0] << " " << task.arguments << "\n";
    return 2;
}
