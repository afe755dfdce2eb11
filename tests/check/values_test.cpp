// ValueTable: numbers, texts and lists by number, through growth of its table.
#include "check/values.hpp"

#include <array>

#include "tests/support/catch.hpp"

using namespace sunder::check;

TEST_CASE("equal values have equal ids, others have others", "[check]") {
  ValueTable values;
  CHECK(values.size() == 2);
  CHECK(values.text(kAbsent) == "null");
  CHECK(values.text(kUnknown) == "?");
  CHECK(values.intern_text("null") == kAbsent);
  const ValueId seven = values.intern(7);
  CHECK(values.intern(7) == seven);
  CHECK(values.intern(-7) != seven);
  const ValueId text = values.intern_text("\"7\"");
  CHECK(text != seven);
  CHECK(values.intern_text("\"7\"") == text);
  CHECK(values.number(seven) == 7);
  CHECK_FALSE(values.number(text));
  CHECK_FALSE(values.list(seven));
}

TEST_CASE("lists are kept once, and know their items", "[check]") {
  ValueTable values;
  const std::array<ValueId, 2> items{values.intern(1), values.intern_text("\"a\"")};
  const ValueId list = values.intern_list(items);
  CHECK(values.intern_list(items) == list);
  CHECK(values.text(list) == "[1,\"a\"]");
  REQUIRE(values.list(list));
  CHECK(values.list(list)->size() == 2);
  const ValueId empty = values.intern_list({});
  CHECK(empty != list);
  CHECK(values.text(empty) == "[]");
  CHECK(values.list(empty)->empty());
  const std::array<ValueId, 2> nested{list, empty};
  CHECK(values.text(values.intern_list(nested)) == "[[1,\"a\"],[]]");
}

TEST_CASE("growth keeps every id", "[check]") {
  ValueTable values;
  std::vector<ValueId> numbers;
  std::vector<ValueId> texts;
  std::vector<ValueId> lists;
  for (int i = 0; i < 5000; ++i) {
    numbers.push_back(values.intern(i));
    texts.push_back(values.intern_text("\"" + std::to_string(i) + "\""));
    lists.push_back(values.intern_list(std::array{numbers.back(), texts.back()}));
  }
  const std::size_t size = values.size();
  for (int i = 0; i < 5000; ++i) {
    const auto at = static_cast<std::size_t>(i);
    CHECK(values.intern(i) == numbers[at]);
    CHECK(values.intern_text("\"" + std::to_string(i) + "\"") == texts[at]);
    CHECK(values.intern_list(std::array{numbers[at], texts[at]}) == lists[at]);
  }
  CHECK(values.size() == size);
}
