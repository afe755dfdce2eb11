// See http_connection.hpp.
#include "harness/http_connection.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace sunder::harness {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{1} << 20U;  // answers are a few hundred bytes

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// What has arrived, read as an answer.
struct Parsed {
  enum class State { incomplete, complete, broken } state = State::incomplete;
  int status = 0;
  std::string body;
  bool keep = true;        // the connection may serve another request
  bool until_end = false;  // no length is given: the body ends with the connection
};

Parsed broken() {
  Parsed out;
  out.state = Parsed::State::broken;
  return out;
}

std::optional<std::string> unchunked(std::string_view in, bool* complete) {
  std::string out;
  *complete = false;
  for (;;) {
    const std::size_t line = in.find("\r\n");
    if (line == std::string_view::npos) return out;
    std::size_t size = 0;
    const auto parsed = std::from_chars(in.data(), in.data() + line, size, 16);
    if (parsed.ec != std::errc{} || size > kMaxAnswer) return std::nullopt;
    in.remove_prefix(line + 2);
    if (size == 0) {
      // Trailers end with an empty line.
      *complete = in.substr(0, 2) == "\r\n" || in.find("\r\n\r\n") != std::string_view::npos;
      return out;
    }
    if (in.size() < size + 2) return out;
    out.append(in.substr(0, size));
    in.remove_prefix(size + 2);
  }
}

Parsed parse_answer(std::string_view in) {
  Parsed out;
  const std::size_t head_end = in.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return out;
  std::string_view head = in.substr(0, head_end);
  const std::string_view body = in.substr(head_end + 4);
  if (head.size() < 12 || head.substr(0, 7) != "HTTP/1.") return broken();
  const auto status = std::from_chars(head.data() + 9, head.data() + 12, out.status);
  if (status.ec != std::errc{}) return broken();
  std::optional<std::size_t> length;
  bool chunked = false;
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n")) {
    head.remove_prefix(at + 2);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return broken();
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (same_word(name, "content-length")) {
      std::size_t number = 0;
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
      if (parsed.ec != std::errc{} || number > kMaxAnswer) return broken();
      length = number;
    } else if (same_word(name, "transfer-encoding")) {
      chunked = same_word(value, "chunked");
    } else if (same_word(name, "connection") && same_word(value, "close")) {
      out.keep = false;
    }
  }
  bool complete = false;
  if (chunked) {
    auto joined = unchunked(body, &complete);
    if (!joined) return broken();
    out.body = std::move(*joined);
  } else if (length) {
    complete = body.size() >= *length;
    out.body = std::string(body.substr(0, *length));
  } else {
    out.until_end = true;
    out.keep = false;
    out.body = std::string(body);
  }
  if (complete) out.state = Parsed::State::complete;
  return out;
}

HttpAnswer failed(HttpEnd end, std::string text) {
  return {end, 0, "", std::move(text)};
}

HttpEnd end_of(StreamEnd end) {
  switch (end) {
    case StreamEnd::done: return HttpEnd::answered;
    case StreamEnd::refused: return HttpEnd::refused;
    case StreamEnd::not_sent: return HttpEnd::not_sent;
    case StreamEnd::timeout: return HttpEnd::timeout;
    case StreamEnd::reset: return HttpEnd::reset;
  }
  return HttpEnd::reset;
}

}  // namespace

HttpAnswer HttpConnection::receive(Nanos deadline) {
  std::string in;
  for (;;) {
    StreamStep step = stream_.receive_some(&in, deadline);
    if (!step.ok() && !step.ended) return failed(end_of(step.end), std::move(step.text));
    Parsed parsed = parse_answer(in);
    if (step.ended && parsed.until_end) parsed.state = Parsed::State::complete;
    if (parsed.state == Parsed::State::complete) {
      if (!parsed.keep) stream_.close();
      return {HttpEnd::answered, parsed.status, std::move(parsed.body), ""};
    }
    if (step.ended) return failed(HttpEnd::reset, std::move(step.text));
    if (parsed.state == Parsed::State::broken || in.size() > kMaxAnswer) {
      return failed(HttpEnd::reset, "the answer is not HTTP");
    }
  }
}

HttpAnswer HttpConnection::post(std::string_view path, std::string_view body, Nanos timeout) {
  const Nanos deadline = monotonic_clock().now() + timeout;
  StreamStep step;
  // A kept connection on which something is to be read between two requests was closed or broken by the other side.
  if (!stream_.quiet()) step = stream_.dial(deadline);
  if (step.ok()) {
    std::string request = "POST " + std::string(path) + " HTTP/1.1\r\nHost: " + to_string(server_);
    request +=
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
    request += "\r\n\r\n" + std::string(body);
    step = stream_.send(request, deadline);
  }
  HttpAnswer answer =
      step.ok() ? receive(deadline) : failed(end_of(step.end), std::move(step.text));
  // An answer that comes later must not meet another request.
  if (answer.end != HttpEnd::answered) stream_.close();
  return answer;
}

}  // namespace sunder::harness
