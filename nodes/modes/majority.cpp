// Majority: see majority.hpp. Tested by tests/calibrate/calibrate_test.cpp.
#include "nodes/modes/majority.hpp"

#include <bit>
#include <utility>

namespace sunder::nodes {

unsigned Round::answers() const {
  return static_cast<unsigned>(std::popcount(heard));
}

void Round::hear(NodeIndex from, const Versioned& told) {
  if (heard != 0 && told.tag != best.tag) same = false;
  heard |= 1U << from;
  if (told.tag > best.tag) best = told;
}

void Round::begin_store() {
  storing = true;
  heard = 0;
}

void Majority::keep(const std::string& key, const Versioned& told) {
  Versioned& mine = values_[key];
  if (told.tag > mine.tag) mine = told;
}

bool Majority::serve(NodeIndex from, const Message& m) {
  Message answer;
  answer.round = m.round;
  if (m.type == kQuery) {
    const Versioned& mine = values_[m.key];
    answer.type = kReport;
    answer.tag = mine.tag;
    answer.value = mine.value;
  } else if (m.type == kStore) {
    keep(m.key, {m.tag, m.value});
    answer.type = kStored;
  } else {
    return false;
  }
  host_.send(from, std::move(answer));
  return true;
}

void Majority::ask(const Round& round) {
  for (NodeIndex to = 0; to < config_.nodes; ++to) {
    if (to == config_.self || (round.heard >> to & 1U) != 0) continue;
    Message m;
    m.type = round.storing ? kStore : kQuery;
    m.round = round.request.id;
    m.key = round.request.key;
    m.tag = round.best.tag;
    m.value = round.best.value;
    host_.send(to, std::move(m));
  }
  host_.wake(config_.resend, round.request.id);
}

void Majority::end(std::uint64_t id, Answer how, Value value, const char* text) {
  Reply reply;
  reply.id = id;
  reply.answer = how;
  reply.value = value;
  reply.text = text;
  host_.reply(std::move(reply));
}

}  // namespace sunder::nodes
