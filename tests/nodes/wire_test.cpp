// The wire: what is written is read back, and bad lines are refused with a reason.
#include "nodes/tcp/wire.hpp"

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::nodes;

TEST_CASE("a message comes back as it was") {
  Message m;
  m.type = 3;
  m.round = 1'732'000'000'000'000'001;
  m.kind = Kind::cas;
  m.answer = Answer::mismatch;
  m.key = "k \"1\"\n";
  m.value = -7;
  m.expected = 0;
  m.tag = {1'732'000'000'123'456'789, 2};
  m.numbers = {1, -2, 3};
  const std::string line = message_line(m);
  CHECK(line.find('\n') == line.size() - 1);
  const auto back = parse_message(line);
  REQUIRE(back.has_value());
  CHECK(back->type == m.type);
  CHECK(back->round == m.round);
  CHECK((back->kind == m.kind));
  CHECK((back->answer == m.answer));
  CHECK(back->key == m.key);
  CHECK(back->value == m.value);
  CHECK(back->expected == m.expected);
  CHECK((back->tag == m.tag));
  CHECK(back->numbers == m.numbers);
  const auto empty = parse_message(message_line(Message{}));
  REQUIRE(empty.has_value());
  CHECK(!empty->value.has_value());
  CHECK(!empty->expected.has_value());
}

TEST_CASE("lines of peers that are no messages are refused") {
  for (const char* line : {"", "{", "[]", "7", R"({"t":"x"})", R"({"r":{}})"}) {
    CAPTURE(line);
    CHECK(!parse_message(line).has_value());
    CHECK(!parse_hello(line).has_value());
  }
  CHECK(parse_hello(hello_line("n2")) == std::optional<std::string>("n2"));
}

TEST_CASE("requests of clients are understood, or refused with what is expected") {
  const auto cas = parse_client_line(R"({"f":"cas","key":"k1","value":[null,7],"id":5})");
  REQUIRE(cas.ok());
  CHECK((cas->request.kind == Kind::cas));
  CHECK(!cas->request.expected.has_value());
  CHECK(cas->request.value == 7);
  CHECK(cas->client_id == std::optional<std::int64_t>(5));
  REQUIRE(parse_client_line(R"({"f":"status"})").ok());
  CHECK(parse_client_line(R"({"f":"status"})")->status);
  for (const char* line : {"", "read k1", "{}", R"({"f":"delete","key":"k"})", R"({"f":"read"})",
                           R"({"f":"write","key":"k"})", R"({"f":"write","key":"k","value":"x"})",
                           R"({"f":"cas","key":"k","value":7})", R"({"f":7,"key":"k"})"}) {
    CAPTURE(line);
    const auto refused = parse_client_line(line);
    REQUIRE(!refused.ok());
    CHECK(refused.error().message.find("a request is a line like") != std::string::npos);
  }
}

TEST_CASE("answers say what happened") {
  Reply reply;
  reply.value = 7;
  CHECK(reply_line(reply, Kind::read, {}) == "{\"type\":\"ok\",\"value\":7}\n");
  CHECK(reply_line(reply, Kind::write, 3) == "{\"id\":3,\"type\":\"ok\"}\n");
  reply.answer = Answer::mismatch;
  CHECK(reply_line(reply, Kind::cas, {}) ==
        "{\"error\":\"mismatch\",\"observed\":7,\"type\":\"fail\"}\n");
  reply.answer = Answer::unknown;
  reply.text = "no majority answers";
  CHECK(reply_line(reply, Kind::write, {}) ==
        "{\"text\":\"no majority answers\",\"type\":\"info\"}\n");
}
