// Go's JSON: the words of its errors, its rules of decoding, its way of writing. The expected texts were taken from a
// server of Toxiproxy 2.12.0; tests/toxiproxy/side_by_side_test.py compares them again with a real one.
#include <random>

#include "control/toxiproxy/decode.hpp"
#include "control/toxiproxy/go_json.hpp"
#include "control/toxiproxy/go_text.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control::toxiproxy;

namespace {

std::string syntax_error(std::string_view text) {
  const auto read = parse_go(text);
  return read ? "fine" : read.error().message;
}

std::string proxy_error(std::string_view body) {
  const auto read = decode_proxy(body, {});
  return read ? "fine" : read.error().message;
}

std::string populate_error(std::string_view body) {
  const auto read = decode_populate(body);
  return read ? "fine" : read.error().message;
}

std::string change_error(std::string_view body, const char* kind) {
  const ToxicKind* found = find_toxic_kind(kind);
  const auto read = decode_change(body, *found, {Attributes(found->attributes.size()), 1});
  return read ? "fine" : read.error().message;
}

}  // namespace

TEST_CASE("broken JSON is told in Go's words") {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {"", "EOF"},
      {" \n", "EOF"},
      {"{", "unexpected EOF"},
      {"[1,", "unexpected EOF"},
      {"\"a", "unexpected EOF"},
      {"nul", "unexpected EOF"},
      {"-", "unexpected EOF"},
      {"nope", "invalid character 'o' in literal null (expecting 'u')"},
      {"{\"a\":tru}", "invalid character '}' in literal true (expecting 'e')"},
      {"{x", "invalid character 'x' looking for beginning of object key string"},
      {"{\"a\":1,}", "invalid character '}' looking for beginning of object key string"},
      {"{\"a\" 1}", "invalid character '1' after object key"},
      {"{\"a\":1 2}", "invalid character '2' after object key:value pair"},
      {"[1 2]", "invalid character '2' after array element"},
      {"\"\\q\"", "invalid character 'q' in string escape code"},
      {"\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape"},
      {"-x", "invalid character 'x' in numeric literal"},
      {"1.x", "invalid character 'x' after decimal point in numeric literal"},
      {"1ex", "invalid character 'x' in exponent of numeric literal"},
      {"\"\n\"", "invalid character '\\n' in string literal"},
      {"'a'", "invalid character '\\'' looking for beginning of value"},
      {"\xC3\xA9", "invalid character '\xC3\x83' looking for beginning of value"},
      {"\x01", "invalid character '\\x01' looking for beginning of value"},
      {"{} and more", "fine"},
      {"1 x", "fine"},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    CHECK(syntax_error(one.text) == one.error);
  }
  CHECK(syntax_error(std::string(100'000, '[')) == "exceeded max depth");
}

TEST_CASE("wrong types are told as Go tells them, the first one only") {
  CHECK(proxy_error("[]") == "json: cannot unmarshal array into Go value of type toxiproxy.Proxy");
  CHECK(proxy_error(R"({"name":1})") ==
        "json: cannot unmarshal number into Go struct field Proxy.name of type string");
  CHECK(proxy_error(R"({"listen":1.5,"upstream":2})") ==
        "json: cannot unmarshal number into Go struct field Proxy.listen of type string");
  CHECK(proxy_error(R"({"ENABLED":"x"})") ==
        "json: cannot unmarshal string into Go struct field Proxy.enabled of type bool");
  CHECK(populate_error("{}") ==
        "json: cannot unmarshal object into Go value of type []struct { toxiproxy.Proxy; Enabled "
        "*bool \"json:\\\"enabled\\\"\" }");
  CHECK(populate_error(R"([{"name":1}])") ==
        "json: cannot unmarshal number into Go struct field .Proxy.name of type string");
  CHECK(change_error(R"({"attributes":{"latency":1.5}})", "latency") ==
        "json: cannot unmarshal number 1.5 into Go struct field LatencyToxic.attributes.latency of "
        "type int64");
  CHECK(change_error(R"({"attributes":{"delay":true}})", "slicer") ==
        "json: cannot unmarshal bool into Go struct field SlicerToxic.attributes.delay of type "
        "int");
  CHECK(change_error(R"({"attributes":[]})", "noop") ==
        "json: cannot unmarshal array into Go struct field .attributes of type toxics.NoopToxic");
  CHECK(change_error(R"({"toxicity":1e400})", "noop") ==
        "json: cannot unmarshal number 1e400 into Go struct field .toxicity of type float32");
}

TEST_CASE("null and unknown keys change nothing, and any case of a key will do") {
  const auto read =
      decode_proxy(R"({"NAME":"a","listen":null,"enabled":null,"x":[{}],"upstream":"u"})",
                   {"old", "here:1", "there:2", false});
  REQUIRE(read.ok());
  CHECK(read->name == "a");
  CHECK(read->listen == "here:1");
  CHECK(read->upstream == "u");
  CHECK_FALSE(read->enabled);
  const auto twice = decode_attributes(R"({"attributes":{"latency":1},"attributes":{"Jitter":2}})",
                                       *find_toxic_kind("latency"));
  REQUIRE(twice.ok());
  CHECK(*twice == Attributes{1, 2});
}

TEST_CASE("text and numbers are written as Go writes them") {
  CHECK(go_quoted("a<b>&\"\\\n\x01\xE2\x80\xA8\xC3\xA9\xFF") ==
        "\"a\\u003cb\\u003e\\u0026\\\"\\\\\\n\\u0001\\u2028\xC3\xA9\xEF\xBF\xBD\"");
  CHECK(parse_go(R"("\ud83d\ude00 \ud800x \u00e9")")->text ==
        "\xF0\x9F\x98\x80 \xEF\xBF\xBDx \xC3\xA9");
  const std::pair<float, const char*> floats[] = {
      {1.0F, "1"},
      {0.1F, "0.1"},
      {1e-7F, "1e-7"},
      {5e30F, "5e+30"},
      {0.0F, "0"},
      {1e20F, "100000000000000000000"},
      {1e21F, "1e+21"},
      {16777216.0F, "16777216"},
      {-0.33333334F, "-0.33333334"},
  };
  for (const auto& [value, text] : floats) CHECK(go_float(value) == text);
}

TEST_CASE("no body makes the decoders read beyond it, whatever its bytes") {
  const std::string seeds[] = {
      R"({"name":"a","type":"latency","stream":"upstream","toxicity":0.5,"attributes":{"latency":1}})",
      R"([{"name":"a\u00e9\ud800","upstream":"b:1","enabled":null},{"listen":"x"}])"};
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 dice(seed);
  std::size_t read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string body = seeds[dice() % 2];
    for (unsigned n = dice() % 4; n > 0; --n) {
      const std::size_t at = dice() % body.size();
      if (dice() % 3 == 0) {
        body.resize(at + 1);
      } else {
        body[at] = static_cast<char>(dice());
      }
    }
    const ToxicKind& kind = *find_toxic_kind("latency");
    const auto toxic = decode_toxic(body);
    if (toxic.ok()) static_cast<void>(decode_attributes(body, kind));
    static_cast<void>(decode_populate(body));
    if (const auto change = decode_change(body, kind, {Attributes(2), 1}); change.ok()) ++read;
    if (const auto proxy = decode_proxy(body, {}); proxy.ok()) {
      // What was read is written and read again as the same.
      CHECK(parse_go(go_quoted(proxy->name))->text == proxy->name);
    }
  }
  CHECK(read > 100);
}
