// list-append: transactions of 1–4 reads and appends on lists, as Elle wants them: elements are unique, and a list is left
// alone after 32 appends, when a new key takes its place. Kingsbury and Alvaro, "Elle" (VLDB 2020).
// Tested by tests/check/gen_test.cpp.
#include <array>

#include "check/gen/objects/scripts.hpp"
#include "check/json.hpp"

namespace sunder::check {

namespace {

constexpr std::int64_t kMostAppends = 32;

// Each on keys of its own. The names are Adya's, as Elle has them.
constexpr std::array kListAppendScripts{
    Script{"g0", "aX1 aY1 | aX2 aY2 ; rX[1,2] rY[2,1]"},
    Script{"g1a", "!aX1 | rX[1]"},
    Script{"g1b", "aX1 aX2 | rX[1] ; rX[1,2]"},
    Script{"g1c", "aX1 rY[1] | aY1 rX[1]"},
    Script{"g-single", "aX1 aY1 | rX[] rY[1] ; rX[1] rY[1]"},
    Script{"g2-item", "rX[] aY1 | rY[] aX1 ; rX[1] rY[1]"},
    Script{"lost-update", "rX[] aX1 | rX[] aX2 ; rX[1,2]"},
    Script{"incompatible-order", "aX1 | aX2 ; rX[1,2] | rX[2,1]"},
    Script{"duplicate", "aX1 ; rX[1,1]"},
    Script{"thin-air", "aX1 ; rX[1,7]"},
    Script{"stale-read", "aX1 ; rX[] ; rX[1]"},
};

class ListAppend final : public Object {
 public:
  explicit ListAppend(const GenOptions& options) : options_(options), micros_(options) {
    for (std::uint32_t k = 0; k < std::max(options.keys, 4U); ++k) open_key(k);
  }

  // The call remembers its micro-operations by the number of a plan.
  void ask(Rng& rng, unsigned, Call& call) override {
    call.f = "txn";
    call.a = new_plan();
    auto& plan = plans_[static_cast<std::size_t>(call.a)];
    const std::uint64_t count = 1 + rng.below(4);
    for (std::uint64_t m = 0; m < count; ++m) {
      const auto place = rng.below(active_.size());
      const std::int64_t key = active_[place];
      if (rng.chance(0.5)) {
        plan.push_back({key, 0});
        micros_.add(call.asked, 'r', key, nil(options_));
        continue;
      }
      List& list = list_of(key);
      plan.push_back({key, ++list.asked});
      micros_.add(call.asked, 'a', key, std::to_string(list.asked));
      if (list.asked == kMostAppends) open_key(place);
    }
    micros_.end(call.asked);
  }
  bool happen(Call& call) override {
    auto& plan = plans_[static_cast<std::size_t>(call.a)];
    for (const Step& step : plan) {
      List& list = list_of(step.key);
      if (step.element == 0) {
        micros_.add(call.answer, 'r', step.key, list.items.empty() ? "[]" : list_text(list.items));
      } else {
        list.items.push_back(step.element);
        micros_.add(call.answer, 'a', step.key, std::to_string(step.element));
      }
    }
    micros_.end(call.answer);
    plan.clear();
    free_.push_back(call.a);
    return true;
  }
  void plant(std::string_view name, std::vector<Call>& script) override {
    for (const Script& known : kListAppendScripts) {
      if (name != known.name) continue;
      script = calls_of(known.text, static_cast<std::int64_t>(lists_.size()), options_);
      lists_.resize(lists_.size() + 2);
    }
  }

 private:
  struct Step {
    std::int64_t key;
    std::int64_t element;  // 0: a read
  };
  struct List {
    std::vector<std::int64_t> items;
    std::int64_t asked = 0;
  };

  List& list_of(std::int64_t key) { return lists_[static_cast<std::size_t>(key)]; }
  void open_key(std::size_t place) {
    if (place >= active_.size()) active_.resize(place + 1);
    active_[place] = static_cast<std::int64_t>(lists_.size());
    lists_.emplace_back();
  }
  std::int64_t new_plan() {
    if (free_.empty()) {
      plans_.emplace_back();
      return static_cast<std::int64_t>(plans_.size()) - 1;
    }
    const std::int64_t plan = free_.back();
    free_.pop_back();
    return plan;
  }

  GenOptions options_;
  TxnText micros_;
  std::vector<List> lists_;           // by key, those left alone included
  std::vector<std::int64_t> active_;  // keys in use
  std::vector<std::vector<Step>> plans_;
  std::vector<std::int64_t> free_;
};

std::vector<const char*> list_append_names() {
  std::vector<const char*> all;
  for (const Script& script : kListAppendScripts) all.push_back(script.name);
  return all;
}

}  // namespace

extern const ObjectKind list_append_object;
const ObjectKind list_append_object{
    "list-append",
    "transactions of 1-4 reads and appends on lists of at most 32 elements",
    false,
    list_append_names(),
    [](const GenOptions& options) -> std::unique_ptr<Object> {
      return std::make_unique<ListAppend>(options);
    },
};

}  // namespace sunder::check
