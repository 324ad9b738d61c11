// A program with the fault that its first argument names: faulty FAULT COUNT K IDS

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

int main(int, char** argv) {
    const std::string fault = argv[1];
    const int count = std::atoi(argv[2]), k = std::atoi(argv[3]);
    const auto sleep = [](int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); };

    std::vector<char> held;
    if (fault == "memory" || fault == "holding") {
        held.resize((fault == "memory" ? 900u : 100u) << 20);
        std::memset(held.data(), 1, held.size());
        sleep(fault == "memory" ? 10000 : 200);
    }
    if (fault == "hang") sleep(60000);
    if (fault == "late") sleep(20 * count);
    if (fault == "crash") {
        std::printf("the graph is broken\n");
        std::fflush(stdout);
        std::abort();
    }
    if (std::FILE* file = std::fopen(argv[4], "w")) {
        for (int q = fault == "short" ? 1 : 0; q < count; ++q)
            for (int j = 0; j < k; ++j) std::fprintf(file, "%d%s", j + (fault == "wrong" ? 1000000 : 0), j + 1 < k ? " " : "\n");
        std::fclose(file);
    }
    if (fault != "silent") std::printf("took %s\n", fault == "liar" ? "1000" : "0.000001");
}
