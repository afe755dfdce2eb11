// Pipeline, the bytes' side: doors, stages, exit. See pipeline.hpp. Tested by
// tests/proxy/pipeline_test.cpp and tests/proxy/fault_kinds_test.cpp.
#include "proxy/pipeline.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sunder::proxy {

Pipeline::Pipeline(const Setup& setup) : setup_(setup), queue_(*setup.blocks) {}

// ---- doors ----

std::span<std::byte> Pipeline::through_door(Instance& door, std::span<std::byte> bytes, Nanos now) {
  const std::size_t passes = sleep_through(door, bytes, now);
  const std::span<std::byte> met = bytes.subspan(passes);
  if (met.empty()) return bytes;
  if (door.framer != nullptr) door.framer->look(met);
  const Passed passed = door.fault->on_bytes(met, {now, door.dice});
  door.wish = door.fault->wish();
  count_unframed(door);
  const std::size_t omitted = met.size() - passed.kept;
  setup_.stats->bytes_omitted += omitted;
  setup_.stats->bytes_changed += passed.changed;
  door.tally->messages += passed.messages;
  if (omitted + passed.changed > 0) touch(door, omitted + passed.changed);
  return bytes.first(passes + passed.kept);
}

std::span<std::byte> Pipeline::through_doors(std::span<std::byte> bytes, Nanos now) {
  for (Instance& door : doors_) {
    if (bytes.empty()) break;
    bytes = through_door(door, bytes, now);
  }
  for (Instance& stage : stages_) {
    if (!stage.awake && stage.messages_left > 0) count_messages(stage, bytes);
  }
  return bytes;
}

// ---- wishes ----

void Pipeline::obey(Wish wish, RuleId rule, Nanos now) {
  const bool stronger = wish.act == Act::reset || asked_.act == Act::none;
  if (wish.act == Act::none || asked_.act == Act::reset || !stronger) return;
  asked_ = {wish.act, rule};
  // The end travels behind what has been let in; one that is on its way already will do.
  if (wish.act == Act::close && (!end_waits() || end_barred_)) start_end(End::fin, now);
}

void Pipeline::hear_wishes(Nanos now) {
  for (Instance& door : doors_) {
    if (door.wish.act == Act::none || door.wish.at > now) continue;
    const Wish wish = std::exchange(door.wish, Wish{});
    touch(door, 0);
    obey(wish, door.rule, now);
  }
}

Pipeline::Asked Pipeline::asked(Nanos now) const noexcept {
  if (asked_.act == Act::reset && !held()) return asked_;
  if (asked_.act == Act::close && end_ready(now)) return asked_;
  return {};
}

// ---- stages ----

bool Pipeline::has_space(std::size_t stage) const noexcept {
  if (stage < stages_.size()) return stages_[stage].waiting.size() < kHeldChunksMax;
  // What waits for a full sink has not passed a stage that counts: it stays there. A reset does not
  // wait for the sink.
  return end_ == End::reset || (!blocked_ && exit_.size() < kExitChunksMax);
}

void Pipeline::ask(Instance& stage, std::size_t bytes, Nanos arrival, Nanos now) {
  stage.front_bytes = bytes;
  stage.front_due = arrival;
  stage.front_alone = false;
  if (!stage.awake) {
    if (stage.seen == stage.wake_at) {
      wake(stage, now);
    } else {
      stage.front_bytes = std::min<std::uint64_t>(stage.wake_at - stage.seen, bytes);
      return;
    }
  }
  const Verdict verdict = stage.fault->on_chunk(bytes, arrival, {now, stage.dice});
  if (verdict.bytes > 0) stage.front_bytes = std::min(verdict.bytes, bytes);
  stage.front_due = std::max(verdict.due, arrival);
  stage.front_alone = verdict.alone;
  if (verdict.due > arrival || verdict.alone) touch(stage, stage.front_bytes);
}

/// Moves what is due from one stage to the next. RETURNS true if something has moved.
bool Pipeline::move_on(std::size_t stage, Nanos now) {
  Instance& at = stages_[stage];
  bool moved = false;
  while (!at.waiting.empty() && has_space(stage + 1)) {
    Chunk& front = at.waiting.front();
    if (at.front_bytes == 0) ask(at, front.bytes, front.arrival, now);
    if (at.front_due > now) break;
    Chunk piece = front;
    piece.arrival = at.front_due;
    piece.alone = front.alone || at.front_alone;
    piece.bytes = std::min(at.front_bytes, front.bytes);
    if (!at.awake) at.seen += piece.bytes;
    at.front_bytes = 0;
    if (piece.bytes == front.bytes) {
      at.waiting.pop();
    } else {
      piece.whole = false;
      front.bytes -= piece.bytes;
    }
    push(stage + 1, piece);
    moved = true;
  }
  return moved;
}

void Pipeline::move_end(Nanos now) {
  while (end_waits() && !end_barred_ && end_stage_ < stages_.size()) {
    Instance& stage = stages_[end_stage_];
    if (!stage.waiting.empty()) return;
    for (std::size_t i = 0; i < end_stage_; ++i) {
      if (!stages_[i].waiting.empty()) return;
    }
    if (end_due_ < 0) {
      const Nanos due =
          stage.awake ? stage.fault->on_end(end_arrival_, {now, stage.dice}) : end_arrival_;
      end_due_ = std::max(due, end_arrival_);
      if (end_due_ > end_arrival_) touch(stage, 0);
    }
    if (end_due_ > now) return;
    end_arrival_ = end_due_;
    end_due_ = -1;
    ++end_stage_;
  }
}

void Pipeline::advance(Nanos now) {
  if (held()) return;
  bool moved = !stages_.empty();
  while (moved) {
    moved = false;
    for (std::size_t i = 0; i < stages_.size(); ++i) moved = move_on(i, now) || moved;
  }
  move_end(now);
}

void Pipeline::push(std::size_t stage, const Chunk& chunk) {
  if (stage < stages_.size()) {
    stages_[stage].waiting.push(chunk);
    return;
  }
  if (!exit_.empty()) {
    Chunk& last = exit_.back();
    const bool joins = !last.alone && !chunk.alone && last.bytes + chunk.bytes <= kMergedChunkMax;
    if (joins) {  // both are due: one record serves many small chunks
      last.bytes += chunk.bytes;
      last.digest = chunk.digest;
      last.whole = chunk.whole;
      return;
    }
  }
  exit_.push(chunk);
}

// ---- bytes ----

std::size_t Pipeline::probe(std::size_t bytes, Nanos now) {
  if (!queue_.empty()) return 0;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    Instance& stage = stages_[i];
    ask(stage, bytes, now, now);
    const bool passes = stage.front_bytes == bytes && stage.front_due <= now;
    if (!passes) return i;  // asked already, for the chunk that will stand first there
    stage.front_bytes = 0;
    if (!stage.awake) stage.seen += bytes;
  }
  return stages_.size();
}

void Pipeline::arrive(std::span<std::byte> bytes, Nanos now, Sink& sink) {
  setup_.stats->bytes_in += bytes.size();
  if (asked_.act == Act::reset) {  // behind a hole perhaps: nothing more may be let in
    setup_.stats->bytes_omitted += bytes.size();
    return;
  }
  if (!doors_.empty() || !stages_.empty()) {
    bytes = through_doors(bytes, now);
    hear_wishes(now);
  }
  started_ = true;
  if (bytes.empty()) return;
  std::size_t stage = 0;
  if (!held() && queue_.empty()) {
    stage = stages_.empty() ? 0 : probe(bytes.size(), now);
    if (stage == stages_.size()) {
      const iovec part{bytes.data(), bytes.size()};
      const Sink::Sent sent = sink.write(&part, 1);
      hash_.update(bytes.data(), sent.bytes);
      setup_.stats->bytes_out += sent.bytes;
      broken_ = sent.broken;
      bytes = bytes.subspan(sent.bytes);
      if (bytes.empty()) return;
      blocked_ = true;
    }
  }
  enqueue(bytes, stage, now);
  if (!stages_.empty()) advance(now);
}

void Pipeline::enqueue(std::span<const std::byte> bytes, std::size_t stage, Nanos now) {
  if (queue_.empty()) {
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
  push(stage, {now, bytes.size(), hash_.digest(), true, false});
}

void Pipeline::start_end(End end, Nanos now) {
  end_ = end;
  end_passed_ = end_barred_ = false;
  end_stage_ = 0;
  end_arrival_ = now;
  end_due_ = -1;
}

void Pipeline::arrive_end(End end, Nanos now) {
  SUNDER_ASSERT(end != End::none);
  source_ended_ = true;
  if (end_ == End::reset || end_ == end) return;
  if (held()) count_held(0, now);
  if (end_waits()) {
    end_ = end;  // a reset takes the place of a FIN on its way
  } else {
    start_end(end, now);
    for (Instance& door : doors_) {
      if (!door.awake || door.fault->on_source_end({now, door.dice})) continue;
      end_barred_ = true;
      door.wish = door.fault->wish();
      touch(door, 0);
    }
  }
  hear_wishes(now);
  advance(now);
}

std::size_t Pipeline::due_bytes() const noexcept {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < exit_.size() && sum < kPumpBytesMax; ++i) {
    if (exit_.at(i).alone && i > 0) break;
    sum += exit_.at(i).bytes;
    if (exit_.at(i).alone) break;
  }
  return std::min(sum, kPumpBytesMax);
}

void Pipeline::pump(Nanos now, Sink& sink) {
  if (!doors_.empty()) hear_wishes(now);
  advance(now);
  constexpr int kParts = kPumpBytesMax / kBlockBytes + 1;
  while (!blocked_ && !broken_ && !held() && !exit_.empty()) {
    iovec parts[kParts];
    const std::size_t due = due_bytes();
    const int count = queue_.peek(parts, kParts, due);
    const Sink::Sent sent = sink.write(parts, count);
    consume(sent.bytes);
    broken_ = sent.broken;
    blocked_ = sent.bytes < due;
    if (exit_.empty() && !stages_.empty()) advance(now);
  }
}

void Pipeline::consume(std::size_t bytes) noexcept {
  setup_.stats->bytes_out += bytes;
  setup_.stats->bytes_held -= bytes;
  while (bytes > 0) {
    Chunk& chunk = exit_.front();
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
    if (chunk.whole && fork_->digest() != chunk.digest) setup_.stats->intact = false;
    exit_.pop();
  }
}

void Pipeline::check_half_sent() noexcept {
  // The rest of the chunk stands first in the queue: at the exit, then at the last stage, and so on.
  std::size_t left = 0;
  const Chunk* last = nullptr;
  const auto look = [&](const Ring<Chunk>& ring) {
    for (std::size_t i = 0; i < ring.size() && (last == nullptr || !last->whole); ++i) {
      last = &ring.at(i);
      left += last->bytes;
    }
  };
  look(exit_);
  for (std::size_t i = stages_.size(); i-- > 0;) look(stages_[i].waiting);
  if (last == nullptr) return;
  while (left > 0) {
    iovec piece{};
    queue_.peek(&piece, 1, left);
    fork_->update(piece.iov_base, piece.iov_len);
    queue_.consume(piece.iov_len);
    left -= piece.iov_len;
  }
  if (fork_->digest() != last->digest) setup_.stats->intact = false;
}

// ---- bounds and time ----

std::size_t Pipeline::bytes_max() const noexcept {
  std::size_t max = setup_.held_bytes_max;
  for (const Instance& stage : stages_) {
    max = std::max(max, stage.kind->holds_by_time ? kDelayedBytesMax : stage.fault->bytes_ahead());
  }
  return max;
}

std::size_t Pipeline::records() const noexcept {
  std::size_t sum = exit_.size();
  for (const Instance& stage : stages_) sum += stage.waiting.size();
  return sum;
}

std::size_t Pipeline::room() noexcept {
  if (asked_.act != Act::none) return 0;
  const std::size_t max = bytes_max();
  const std::size_t size = queue_.size();
  const std::size_t resumes_at = max - std::min(max / 2, kResumeBytes);
  if (paused_ && (size > resumes_at || records() > kHeldChunksMax / 2)) return 0;
  paused_ = size >= max || records() >= kHeldChunksMax;
  return paused_ ? 0 : max - size;
}

Nanos Pipeline::next_due() const noexcept {
  if (held()) return kNever;
  Nanos due = !exit_.empty() && !blocked_ ? 0 : kNever;
  for (const Instance& door : doors_) {
    if (door.wish.act != Act::none) due = std::min(due, door.wish.at);
  }
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Instance& stage = stages_[i];
    if (stage.waiting.empty() || !has_space(i + 1)) continue;
    due = std::min(due, stage.front_bytes > 0 ? stage.front_due : 0);
  }
  if (!end_waits() || end_barred_) return due;
  if (end_stage_ < stages_.size()) return end_due_ < 0 ? due : std::min(due, end_due_);
  return exit_.empty() || end_ == End::reset ? std::min(due, end_arrival_) : due;
}

bool Pipeline::end_ready(Nanos now) const noexcept {
  if (!end_waits() || end_barred_ || held()) return false;
  if (end_stage_ < stages_.size() || end_arrival_ > now) return false;
  // A reset does not wait for a full sink: what the sink took is what the other side gets.
  return end_ == End::reset || exit_.empty();
}

std::size_t Pipeline::release_all(Nanos now) {
  if (held()) return drop_all(now);
  remove_missing({}, now);
  asked_ = {};
  end_barred_ = false;
  return 0;
}

std::size_t Pipeline::drop_all(Nanos now) {
  settle_holds(now);
  const std::size_t lost = queue_.size();
  check_half_sent();
  setup_.stats->bytes_held -= lost;
  queue_.clear();
  exit_.clear();
  doors_.clear();
  stages_.clear();
  asked_ = {};
  blocked_ = end_barred_ = false;
  end_stage_ = 0;
  if (end_waits()) end_arrival_ = now;
  return lost;
}

}  // namespace sunder::proxy
