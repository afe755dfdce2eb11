// gen: histories of any size with a verdict that is known beforehand.
//
// GenOptions → clients in virtual time that use a perfect object → **events, line by line** → a file.
// Every operation takes effect at one instant between its call and its answer, so the history is linearizable (with
// transactions: strictly serializable) by construction. A planted anomaly is put into a quiet moment in the middle, where
// no operation is open that could explain it, so that the history is surely illegal.
// Memory: the clients and the object; nothing grows with the number of operations but what the object holds.
// Thread: one. Tested by tests/check/gen_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sunder/result.hpp"

namespace sunder::check {

struct GenOptions {
  std::string model = "register";  ///< a name of objects/list.def
  std::uint64_t ops = 10'000;      ///< calls; transactions count as one
  unsigned clients = 10;           ///< operations open at a time, but for pending ones
  std::uint32_t keys = 1;
  std::uint64_t values = 0;  ///< written values are drawn from so many; 0: each is unique
  std::uint64_t seed = 1;
  double pending = 0;            ///< share of operations that are never answered, 0..0.5
  std::string plant;             ///< an anomaly of the model; empty: none
  std::string format = "jsonl";  ///< jsonl, edn
};

/// What can be generated.
struct GenModel {
  std::string name;
  std::string summary;
  std::vector<std::string> plants;
};
[[nodiscard]] std::vector<GenModel> gen_models();

/// Takes the text, block by block; an error ends the generation.
using GenSink = std::function<Status(std::string_view)>;

/// The same options give the same text on every machine.
/// ERRORS: invalid (an unknown model, plant or format; a number out of bounds); what the sink says.
[[nodiscard]] Status generate(const GenOptions& options, const GenSink& sink);

}  // namespace sunder::check
