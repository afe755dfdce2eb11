// Framings: where messages end, over any borders of reads; what is not the framing; being in step.
#include "proxy/frame.hpp"

#include <cstdlib>
#include <string>
#include <vector>

#include "proxy/registry.hpp"
#include "sunder/rng.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::proxy;

namespace {

std::unique_ptr<FrameParser> parser(const char* kind) {
  REQUIRE(find_frame_kind(kind) != nullptr);
  return find_frame_kind(kind)->make();
}

/// RETURNS where messages end; a -1 behind them: broken.
std::vector<long> ends(FrameParser& parser, const std::string& text, std::size_t step) {
  std::vector<long> found;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string piece = text.substr(at, step);
    const auto bytes = std::as_bytes(std::span(piece));
    for (std::size_t in = 0; in < piece.size();) {
      const FrameParser::Step s = parser.next(bytes.subspan(in));
      REQUIRE(s.bytes <= piece.size() - in);
      in += s.bytes;
      if (s.found == FrameParser::Found::end) found.push_back(static_cast<long>(at + in));
      if (s.found == FrameParser::Found::broken) {
        found.push_back(-1);
        return found;
      }
      if (s.found == FrameParser::Found::more) REQUIRE(in == piece.size());
    }
    at += piece.size();
  }
  return found;
}

void check_ends(const char* kind, const std::string& text, const std::vector<long>& due) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{5}, text.size()}) {
    CAPTURE(std::string(kind), text, step);
    CHECK(ends(*parser(kind), text, step) == due);
  }
}

}  // namespace

TEST_CASE("u32be: lengths, the empty message, and a length that can't be", "[frame]") {
  using namespace std::string_literals;
  check_ends("u32be", "\0\0\0\3abc\0\0\0\0\0\0\0\1x"s, {7, 11, 16});
  check_ends("u32be", "\0\0\0\5ab"s, {});
  check_ends("u32be", "\0\0\0\1aGET "s, {5, -1});
}

TEST_CASE("resp: requests, replies, nesting, nulls, and what is not RESP", "[frame]") {
  check_ends("resp", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n+OK\r\n", {20, 25});
  check_ends("resp", "$-1\r\n*-1\r\n:5\r\n*0\r\n", {5, 10, 14, 18});
  check_ends("resp", "*2\r\n*1\r\n:1\r\n*2\r\n+a\r\n$2\r\n\r\n\r\n", {28});
  check_ends("resp", "%1\r\n+k\r\n:1\r\n_\r\n#t\r\n,1.5\r\n", {12, 15, 19, 25});
  check_ends("resp", "|1\r\n+a\r\n+b\r\n:7\r\n", {16});
  check_ends("resp", "PING\r\n", {-1});
  check_ends("resp", "$x\r\n", {-1});
  check_ends("resp", "$99999999999\r\n", {-1});
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "*1\r\n";
  CHECK(ends(*parser("resp"), deep, 3) == std::vector<long>{-1});
}

TEST_CASE("random bytes: a parser takes no more than it is given, at any borders", "[frame]") {
  for (const FrameKind* kind : all_frame_kinds()) {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
      CAPTURE(seed, std::string(kind->name));
      Rng dice(seed);
      constexpr std::string_view kLikely = "*$+-:\r\n0123%|>_x";
      std::string text(dice.below(400), '\0');
      for (char& c : text) {
        c = dice.chance(0.9) ? kLikely[dice.below(kLikely.size())] : static_cast<char>(dice.next());
        if (kind->name == "u32be") c = static_cast<char>(dice.chance(0.8) ? 0 : dice.below(9));
      }
      const auto whole = ends(*kind->make(), text, 1000);
      REQUIRE(ends(*kind->make(), text, 1 + dice.below(9)) == whole);
    }
  }
}

TEST_CASE("a framer that comes late is in step from the first whole read", "[frame]") {
  using namespace std::string_literals;
  Framer framer(parser("u32be"), false);
  const auto look = [&](const std::string& text) {
    return framer.look(std::as_bytes(std::span(text)));
  };
  CHECK_FALSE(look("bc"s));
  CHECK_FALSE(look("\0\0\0\3a"s));
  CHECK(look("\0\0\0\1a\0\0\0\2bc"s));
  CHECK(framer.at_start());
}
