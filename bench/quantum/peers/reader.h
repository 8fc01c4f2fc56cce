// A circuit file of qsim's format, as bench/quantum/formats.ts writes it, for the drivers of peers.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace peer {

using Number = std::complex<double>;

struct Gate {
  std::string name;
  int qubits[2];
  double angles[2];
};

struct File {
  int qubits = 0;
  std::vector<Gate> gates;
};

inline File read(const char *path) {
  File file;
  std::ifstream in(path);
  in >> file.qubits;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty()) continue;
    std::istringstream words(line);
    Gate gate{};
    int moment;
    words >> moment >> gate.name >> gate.qubits[0];
    const bool isPair = gate.name == "fs" || gate.name == "sw" || gate.name == "cnot" || gate.name == "cp";
    if (isPair) words >> gate.qubits[1];
    words >> gate.angles[0] >> gate.angles[1];
    file.gates.push_back(gate);
  }
  if (file.qubits < 1) std::exit(2);
  return file;
}

/** Row by row; of two qubits the first is the low bit. Empty for names that every simulator has itself. */
inline std::vector<Number> matrixOf(const Gate &gate) {
  const Number i(0, 1), half(0.5, 0.5);
  const double r = std::sqrt(0.5), c = std::cos(gate.angles[0]), s = std::sin(gate.angles[0]);
  if (gate.name == "x_1_2") return {half, std::conj(half), std::conj(half), half};
  if (gate.name == "y_1_2") return {half, -half, half, half};
  if (gate.name == "hz_1_2") return {half, -i * r, r, half};
  if (gate.name == "fs") return {1, 0, 0, 0, 0, c, -i * s, 0, 0, -i * s, c, 0, 0, 0, 0, std::exp(-i * gate.angles[1])};
  return {};
}

/** Seconds on the clock, and of the processor over all threads. */
struct Watch {
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  double beganCpu = cpu();
  static double cpu() {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  void tell(Number amplitude) const {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::printf("{\"seconds\":%.6f,\"cpuSeconds\":%.6f,", seconds, cpu() - beganCpu);
    std::printf("\"amplitude\":[%.9g,%.9g]}\n", amplitude.real(), amplitude.imag());
  }
};

}  // namespace peer
