// Runs a circuit file in QuEST v4: QUEST_BIN of ./q bench quantum. Called as PROGRAM FILE THREADS PRECISION.
// QuEST is compiled for one precision; this program answers only for that of its own:
//   cmake -S $QUEST -B build -DCMAKE_BUILD_TYPE=Release -DFLOAT_PRECISION=2 -DBUILD_SHARED_LIBS=OFF && make -C build QuEST
//   g++ -O2 -std=c++17 -fopenmp -I$QUEST/quest/include -I$QUEST -Ibuild -Ibuild/include quest.cpp build/libQuEST.a -o quest
#include "reader.h"

#include <omp.h>
#include "quest.h"

static void apply(Qureg state, const peer::Gate &gate) {
  const int q = gate.qubits[0], r = gate.qubits[1];
  const qreal angle = qreal(gate.angles[0]);
  if (gate.name == "h") return applyHadamard(state, q);
  if (gate.name == "cnot") return applyControlledPauliX(state, q, r);
  if (gate.name == "sw") return applySwap(state, q, r);
  if (gate.name == "rx") return applyRotateX(state, q, angle);
  if (gate.name == "ry") return applyRotateY(state, q, angle);
  if (gate.name == "rz") return applyRotateZ(state, q, angle);
  if (gate.name == "cp") return applyTwoQubitPhaseShift(state, q, r, angle);
  const std::vector<peer::Number> entries = peer::matrixOf(gate);
  if (entries.size() == 4) {
    CompMatr1 matrix;
    for (int k = 0; k < 4; k++) matrix.elems[k / 2][k % 2] = qcomp(entries[size_t(k)]);
    return applyCompMatr1(state, q, matrix);
  }
  if (entries.size() != 16) std::exit(2);
  CompMatr2 matrix;
  for (int k = 0; k < 16; k++) matrix.elems[k / 4][k % 4] = qcomp(entries[size_t(k)]);
  applyCompMatr2(state, q, r, matrix);
}

int main(int count, char **words) {
  if (count != 4) return 2;
  if (std::string(words[3]) != (sizeof(qreal) == 4 ? "f32" : "f64")) return 3;
  const int threads = std::atoi(words[2]);
  omp_set_num_threads(threads);
  const peer::File file = peer::read(words[1]);
  initCustomQuESTEnv(0, 0, threads > 1);
  // Its checks compare every matrix with its inverse; they are no part of simulating.
  setValidationOff();
  const Qureg state = createForcedQureg(file.qubits);
  initZeroState(state);
  const peer::Watch watch;
  for (const peer::Gate &gate : file.gates) apply(state, gate);
  watch.tell(peer::Number(getQuregAmp(state, 0)));
  finalizeQuESTEnv();
}
