// Runs a circuit file in Qulacs: QULACS_BIN of ./q bench quantum. Called as PROGRAM FILE THREADS PRECISION.
// Built beside a copy of Qulacs whose csim and cppsim are compiled into libqulacs.a:
//   g++ -O2 -march=native -std=c++14 -fopenmp -D_USE_SIMD -DEIGEN_NO_DEBUG -I$QULACS/src -I/usr/include/eigen3
//       qulacs.cpp libqulacs.a -o qulacs
// Gates are merged to blocks of two qubits first, which was its fastest; that is part of the time.
#include "reader.h"

#include <omp.h>

#include <cppsim/circuit.hpp>
#include <cppsim/circuit_optimizer.hpp>
#include <cppsim/gate_factory.hpp>
#include <cppsim/gate_merge.hpp>
#include <cppsim/state.hpp>

static QuantumGateBase *gateOf(const peer::Gate &gate) {
  const UINT q = UINT(gate.qubits[0]), r = UINT(gate.qubits[1]);
  const double angle = gate.angles[0];
  if (gate.name == "h") return gate::H(q);
  if (gate.name == "cnot") return gate::CNOT(q, r);
  if (gate.name == "sw") return gate::SWAP(q, r);
  // Its rotations have the other sign.
  if (gate.name == "rx") return gate::RX(q, -angle);
  if (gate.name == "ry") return gate::RY(q, -angle);
  if (gate.name == "rz") return gate::RZ(q, -angle);
  if (gate.name == "cp") {
    ComplexVector diagonal(4);
    diagonal << 1, 1, 1, std::exp(peer::Number(0, angle));
    return gate::DiagonalMatrix({q, r}, diagonal);
  }
  const std::vector<peer::Number> entries = peer::matrixOf(gate);
  if (entries.empty()) std::exit(2);
  const int size = entries.size() == 4 ? 2 : 4;
  ComplexMatrix matrix(size, size);
  for (int row = 0; row < size; row++)
    for (int column = 0; column < size; column++) matrix(row, column) = entries[size_t(row * size + column)];
  return size == 2 ? gate::DenseMatrix(q, matrix) : gate::DenseMatrix(std::vector<UINT>{q, r}, matrix);
}

int main(int count, char **words) {
  if (count != 4) return 2;
  if (std::string(words[3]) != "f64") return 3;
  omp_set_num_threads(std::atoi(words[2]));
  const peer::File file = peer::read(words[1]);
  QuantumState state{UINT(file.qubits)};
  state.set_zero_state();
  const peer::Watch watch;
  QuantumCircuit circuit{UINT(file.qubits)};
  for (const peer::Gate &gate : file.gates) circuit.add_gate(gateOf(gate));
  QuantumCircuitOptimizer().optimize(&circuit, 2);
  circuit.update_quantum_state(&state);
  watch.tell(state.data_cpp()[0]);
}
