// ValueTable: see values.hpp. One hash table with open addressing for all kinds. Tested by tests/check/values_test.cpp.
#include "check/values.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace sunder::check {

namespace {

constexpr ValueId kFree = 0xFFFFFFFF;
constexpr std::int64_t kSmall = std::int64_t{1} << 22U;  // numbers below take at most 16 MiB

// Integers of a history often count up: every bit of the number must reach the low bits of its place.
std::uint64_t mixed(std::uint64_t x) {
  x ^= x >> 32U;
  x *= 0xd6e8feb86659fd93U;
  x ^= x >> 32U;
  x *= 0xd6e8feb86659fd93U;
  return x ^ (x >> 32U);
}

// Sixteen numbers that follow each other share a line of the cache, for what is written one after the other is read so.
std::uint64_t hash_number(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  return (mixed(bits >> 4U) << 4U) | (bits & 15U);
}

// Where to look after a place that is taken: in the next line, for in this one the neighbours are likely taken as well. Odd,
// so that every place is come to.
constexpr std::size_t next_place(std::size_t at) {
  return at + 17;
}

std::uint64_t hash_list(std::span<const ValueId> items) {
  std::uint64_t hash = 0x9e3779b97f4a7c15U + items.size();
  for (const ValueId item : items) hash = mixed(hash ^ item);
  return hash;
}

std::uint64_t hash_text(std::string_view text) {
  return mixed(std::hash<std::string_view>{}(text) + 1);
}

}  // namespace

ValueTable::ValueTable() : slots_(64, kFree) {
  texts_ = {"null", "?"};
  payload_ = {0, 1};
  kinds_ = {Kind::text, Kind::text};
}

template <class Same>
ValueId ValueTable::place(std::uint64_t hash, Kind kind, Same same, std::int64_t payload) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = next_place(at) & mask) {
    const ValueId id = slots_[at];
    if (id == kFree) {
      const auto fresh = static_cast<ValueId>(payload_.size());
      slots_[at] = fresh;
      payload_.push_back(payload);
      kinds_.push_back(kind);
      if (++in_slots_ * 4 > slots_.size() * 3) grow();
      return fresh;
    }
    if (kinds_[id] == kind && same(id)) return id;
  }
}

ValueId ValueTable::intern(std::int64_t number) {
  if (number >= 0 && number < kSmall) {
    const auto at = static_cast<std::size_t>(number);
    if (at >= small_.size()) small_.resize(std::bit_ceil(std::max<std::size_t>(at + 1, 64)), kFree);
    ValueId& id = small_[at];
    if (id == kFree) {
      id = static_cast<ValueId>(payload_.size());
      payload_.push_back(number);
      kinds_.push_back(Kind::number);
    }
    return id;
  }
  return place(
      hash_number(number), Kind::number, [&](ValueId id) { return payload_[id] == number; },
      number);
}

ValueId ValueTable::intern_text(std::string_view json) {
  if (json == "null") return kAbsent;
  const std::size_t before = payload_.size();
  // Added first: growing the table hashes every text, this one included.
  texts_.emplace_back(json);
  const ValueId id = place(
      hash_text(json), Kind::text,
      [&](ValueId other) { return texts_[static_cast<std::size_t>(payload_[other])] == json; },
      static_cast<std::int64_t>(texts_.size() - 1));
  if (payload_.size() == before) {
    texts_.pop_back();
  } else {
    text_bytes_ += json.size() > 15 ? json.size() + 17 : 0;  // what does not fit into the string
  }
  return id;
}

ValueId ValueTable::intern_list(std::span<const ValueId> items) {
  const std::size_t before = payload_.size();
  const auto same = [&](ValueId other) {
    const auto known = *list(other);
    return std::equal(known.begin(), known.end(), items.begin(), items.end());
  };
  // The items are copied first: growing the table hashes every list, this one included.
  const std::size_t items_before = items_.size();
  items_.insert(items_.end(), items.begin(), items.end());
  list_ends_.push_back(items_.size());
  const ValueId id =
      place(hash_list(items), Kind::list, same, static_cast<std::int64_t>(list_ends_.size() - 1));
  if (payload_.size() == before) {
    items_.resize(items_before);
    list_ends_.pop_back();
  }
  return id;
}

std::uint64_t ValueTable::hash_of(ValueId id) const {
  switch (kinds_[id]) {
    case Kind::number: return hash_number(payload_[id]);
    case Kind::text: return hash_text(texts_[static_cast<std::size_t>(payload_[id])]);
    case Kind::list: return hash_list(*list(id));
  }
  return 0;
}

void ValueTable::grow() {
  std::vector<ValueId> wider(slots_.size() * 2, kFree);
  const std::size_t mask = wider.size() - 1;
  for (const ValueId id : slots_) {
    if (id == kFree) continue;
    std::size_t at = hash_of(id) & mask;
    while (wider[at] != kFree) at = next_place(at) & mask;
    wider[at] = id;
  }
  slots_ = std::move(wider);
}

std::string ValueTable::text(ValueId id) const {
  switch (kinds_.at(id)) {
    case Kind::number: return std::to_string(payload_[id]);
    case Kind::text: return texts_[static_cast<std::size_t>(payload_[id])];
    case Kind::list: break;
  }
  std::string out = "[";
  const auto items = *list(id);
  for (const ValueId item : items) {
    if (out.size() > 1) out += ',';
    out += text(item);
  }
  return out + "]";
}

ValueShape ValueTable::shape(ValueId id) const {
  if (id == kAbsent) return ValueShape::absent;
  if (id == kUnknown) return ValueShape::unknown;
  if (kinds_[id] == Kind::number) return ValueShape::number;
  if (kinds_[id] == Kind::list) return ValueShape::list;
  const bool map = texts_[static_cast<std::size_t>(payload_[id])].starts_with('{');
  return map ? ValueShape::map : ValueShape::other;
}

std::optional<std::int64_t> ValueTable::number(ValueId id) const {
  if (kinds_[id] != Kind::number) return std::nullopt;
  return payload_[id];
}

std::optional<std::span<const ValueId>> ValueTable::list(ValueId id) const {
  if (kinds_[id] != Kind::list) return std::nullopt;
  const auto index = static_cast<std::size_t>(payload_[id]);
  const std::uint64_t begin = index == 0 ? 0 : list_ends_[index - 1];
  return std::span<const ValueId>(items_).subspan(begin, list_ends_[index] - begin);
}

std::size_t ValueTable::bytes() const {
  return payload_.capacity() * sizeof payload_[0] + kinds_.capacity() +
         (slots_.capacity() + small_.capacity()) * sizeof slots_[0] +
         items_.capacity() * sizeof items_[0] + list_ends_.capacity() * sizeof list_ends_[0] +
         texts_.capacity() * sizeof texts_[0] + text_bytes_;
}

}  // namespace sunder::check
