// Pipeline: see pipeline.hpp. Tested by tests/proxy/pipeline_test.cpp.
#include "proxy/pipeline.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sunder::proxy {

Pipeline::Pipeline(const Setup& setup) : setup_(setup), queue_(*setup.blocks) {}

// ---- rules ----

Pipeline::Instance Pipeline::make_instance(const FaultRule& rule, RuleTallies& tallies) const {
  const DiceLabels& d = setup_.dice;
  Instance made;
  made.rule = rule.rule->id;
  made.dice = Rng(derive_seed(
      d.seed, {d.from, d.to, d.ordinal, d.direction, std::string_view(rule.rule->name)}));
  made.acts = made.dice.chance(rule.rule->probability);
  made.by_time = rule.rule->kind->holds_by_time;
  made.tally = &tallies[rule.rule->id];
  if (made.acts) made.fault = rule.rule->kind->make(rule.params);
  return made;
}

bool Pipeline::adopt_faults(const PairRules* rules, RuleTallies& tallies) {
  if (instances_.empty() && (rules == nullptr || rules->faults.empty())) return false;
  std::vector<Instance> next;
  if (rules != nullptr) {
    for (const FaultRule* rule : rules->faults) {
      const auto old = std::find_if(instances_.begin(), instances_.end(),
                                    [&](const Instance& i) { return i.rule == rule->rule->id; });
      if (old == instances_.end()) {
        next.push_back(make_instance(*rule, tallies));
      } else {
        next.push_back(std::move(*old));
        instances_.erase(old);
      }
    }
  }
  const bool lost = std::any_of(instances_.begin(), instances_.end(),
                                [](const Instance& gone) { return gone.acts; });
  instances_ = std::move(next);
  return lost;
}

void Pipeline::adopt_holds(const PairRules* rules, RuleTallies& tallies, Nanos now) {
  if (holds_.empty() && (rules == nullptr || rules->holds.empty())) return;
  std::vector<Hold> next;
  if (rules != nullptr) {
    for (const Rule* rule : rules->holds) {
      Hold hold{rule->id, &tallies[rule->id], -1};
      for (Hold& old : holds_) {
        if (old.rule == rule->id) hold = std::exchange(old, Hold{});
      }
      next.push_back(hold);
    }
  }
  settle_holds(now);  // those that are gone; the others were taken over
  holds_ = std::move(next);
  const bool waiting = !queue_.empty() || (end_ != End::none && !end_passed_);
  if (!waiting) return;
  for (Hold& hold : holds_) {
    if (hold.since >= 0) continue;
    hold.since = now;
    hold.tally->bytes += queue_.size();
    setup_.touch_log->touch(hold.rule, *hold.tally);
  }
}

void Pipeline::adopt(const PairRules* rules, RuleTallies& tallies, Nanos now) {
  adopt_holds(rules, tallies, now);
  if (adopt_faults(rules, tallies)) judge_again(now);
}

void Pipeline::settle_holds(Nanos now) {
  for (const Hold& hold : holds_) {
    if (hold.tally != nullptr && hold.since >= 0) hold.tally->held_ns += now - hold.since;
  }
  holds_.clear();
}

void Pipeline::add_held(std::map<RuleId, Touched>& sums, Nanos now) const {
  for (const Hold& hold : holds_) {
    if (hold.since >= 0) sums[hold.rule].held_ns += now - hold.since;
  }
}

void Pipeline::count_held(std::size_t bytes, Nanos now) {
  for (Hold& hold : holds_) {
    hold.tally->bytes += bytes;
    if (hold.since >= 0) continue;
    hold.since = now;
    setup_.touch_log->touch(hold.rule, *hold.tally);
  }
}

// ---- judgement ----

Nanos Pipeline::judge(std::size_t bytes, bool end, Nanos arrival, Nanos now, bool first) {
  Nanos due = arrival;
  for (Instance& instance : instances_) {
    if (!instance.acts) continue;
    const Moment moment{now, instance.dice};
    const Verdict verdict =
        end ? instance.fault->on_end(due, moment) : instance.fault->on_chunk(bytes, due, moment);
    bool touched = true;
    switch (verdict.act) {
      case Verdict::Act::pass:
        touched = verdict.due > due;
        due = std::max(due, verdict.due);
        break;
      case Verdict::Act::hold: due = kNever; break;
      case Verdict::Act::close:
      case Verdict::Act::reset:
        if (asked_.act == Verdict::Act::pass) asked_ = {verdict.act, instance.rule};
        break;
    }
    if (touched && first) {
      instance.tally->bytes += bytes;
      setup_.touch_log->touch(instance.rule, *instance.tally);
    }
    if (due == kNever) break;
  }
  return due;
}

void Pipeline::judge_again(Nanos now) {
  last_due_ = 0;
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    Chunk& chunk = chunks_.at(i);
    last_due_ = std::max(last_due_, judge(chunk.bytes, false, chunk.arrival, now, false));
    chunk.due = last_due_;
  }
  if (end_ != End::none && !end_passed_) {
    end_due_ = std::max(last_due_, judge(0, true, end_arrival_, now, false));
  }
}

// ---- bytes ----

void Pipeline::arrive(std::span<const std::byte> bytes, Nanos now, Sink& sink) {
  setup_.stats->bytes_in += bytes.size();
  const Nanos due = instances_.empty() ? now : judge(bytes.size(), false, now, now, true);
  if (chunks_.empty() && due <= now && !held()) {
    const iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    const Sink::Sent sent = sink.write(&part, 1);
    hash_.update(bytes.data(), sent.bytes);
    setup_.stats->bytes_out += sent.bytes;
    broken_ = sent.broken;
    bytes = bytes.subspan(sent.bytes);
    if (bytes.empty()) return;
    blocked_ = true;
  }
  enqueue(bytes, due, now);
}

void Pipeline::enqueue(std::span<const std::byte> bytes, Nanos due, Nanos now) {
  if (chunks_.empty()) {
    if (fork_ == nullptr) {
      fork_ = std::make_unique<RunningHash>(hash_);
    } else {
      *fork_ = hash_;
    }
  }
  hash_.update(bytes.data(), bytes.size());
  queue_.append(bytes.data(), bytes.size());
  setup_.stats->bytes_held += bytes.size();
  if (held()) count_held(bytes.size(), now);
  last_due_ = std::max(last_due_, due);
  if (instances_.empty() && !chunks_.empty() && chunks_.back().due <= now &&
      chunks_.back().bytes + bytes.size() <= kMergedChunkMax) {
    chunks_.back().bytes += bytes.size();  // both are due: one record serves many small chunks
    chunks_.back().digest = hash_.digest();
    return;
  }
  chunks_.push({now, last_due_, bytes.size(), hash_.digest()});
}

void Pipeline::arrive_end(End end, Nanos now) {
  SUNDER_ASSERT(end != End::none);
  if (end_ == End::reset || end_ == end) return;
  end_ = end;
  end_passed_ = false;
  end_arrival_ = now;
  end_due_ = std::max(last_due_, judge(0, true, now, now, true));
  if (held()) count_held(0, now);
}

std::size_t Pipeline::due_bytes(Nanos now) const noexcept {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < chunks_.size() && sum < kPumpBytesMax; ++i) {
    if (chunks_.at(i).due > now) break;
    sum += chunks_.at(i).bytes;
  }
  return std::min(sum, kPumpBytesMax);
}

void Pipeline::pump(Nanos now, Sink& sink) {
  constexpr int kParts = kPumpBytesMax / kBlockBytes + 1;
  while (!blocked_ && !broken_ && !held() && !chunks_.empty() && chunks_.front().due <= now) {
    iovec parts[kParts];
    const std::size_t due = due_bytes(now);
    const int count = queue_.peek(parts, kParts, due);
    const Sink::Sent sent = sink.write(parts, count);
    consume(sent.bytes);
    broken_ = sent.broken;
    blocked_ = sent.bytes < due;
  }
}

void Pipeline::consume(std::size_t bytes) noexcept {
  setup_.stats->bytes_out += bytes;
  setup_.stats->bytes_held -= bytes;
  while (bytes > 0) {
    Chunk& chunk = chunks_.front();
    std::size_t part = std::min(bytes, chunk.bytes);
    bytes -= part;
    chunk.bytes -= part;
    while (part > 0) {
      iovec piece{};
      queue_.peek(&piece, 1, part);
      fork_->update(piece.iov_base, piece.iov_len);
      queue_.consume(piece.iov_len);
      part -= piece.iov_len;
    }
    if (chunk.bytes > 0) break;
    if (fork_->digest() != chunk.digest) setup_.stats->intact = false;
    chunks_.pop();
  }
}

void Pipeline::check_half_sent() noexcept {
  if (chunks_.empty()) return;
  const Chunk& chunk = chunks_.front();
  std::size_t left = chunk.bytes;
  while (left > 0) {
    iovec piece{};
    queue_.peek(&piece, 1, left);
    fork_->update(piece.iov_base, piece.iov_len);
    queue_.consume(piece.iov_len);
    left -= piece.iov_len;
  }
  if (fork_->digest() != chunk.digest) setup_.stats->intact = false;
}

// ---- state ----

std::size_t Pipeline::bytes_max() const noexcept {
  for (const Instance& instance : instances_) {
    if (instance.acts && instance.by_time) return std::max(setup_.held_bytes_max, kDelayedBytesMax);
  }
  return setup_.held_bytes_max;
}

std::size_t Pipeline::room() noexcept {
  const std::size_t max = bytes_max();
  const std::size_t size = queue_.size();
  if (paused_ && (size > max / 2 || chunks_.size() > kHeldChunksMax / 2)) return 0;
  paused_ = size >= max || chunks_.size() >= kHeldChunksMax;
  return paused_ ? 0 : max - size;
}

Nanos Pipeline::next_due() const noexcept {
  if (held()) return kNever;
  if (!chunks_.empty() && !blocked_) return std::min(chunks_.front().due, kNever);
  if (end_ == End::none || end_passed_) return kNever;
  return chunks_.empty() || end_ == End::reset ? end_due_ : kNever;
}

bool Pipeline::end_ready(Nanos now) const noexcept {
  if (end_ == End::none || end_passed_ || held() || end_due_ > now) return false;
  // A reset does not wait for a full sink: what the sink took is what the other side gets.
  return end_ == End::reset || chunks_.empty();
}

std::size_t Pipeline::release_all(Nanos now) {
  if (held()) return drop_all(now);
  instances_.clear();
  asked_ = {};
  judge_again(now);
  return 0;
}

std::size_t Pipeline::drop_all(Nanos now) {
  settle_holds(now);
  instances_.clear();
  asked_ = {};
  const std::size_t lost = queue_.size();
  check_half_sent();
  setup_.stats->bytes_held -= lost;
  queue_.clear();
  chunks_.clear();
  last_due_ = 0;
  blocked_ = false;
  if (end_ != End::none && !end_passed_) end_due_ = now;
  return lost;
}

}  // namespace sunder::proxy
