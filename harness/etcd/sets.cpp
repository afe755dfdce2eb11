// Sets on etcd. An element is a key below the set's own ("k1/17"), so that adds never meet; the set's own key holds a mark,
// by which a read learns that there are elements to ask for. A large set comes in pages, all of the first one's revision:
// what is read was there at one moment.
// Thread: one client's. Tested by tests/harness/etcd_sets_test.cpp.
#include "harness/clients/outcomes.hpp"
#include "harness/etcd/gateway.hpp"

namespace sunder::harness::etcd {
namespace {

constexpr char kMark[] = "set";
constexpr std::size_t kPage = 2000;  // elements; some 100 bytes of JSON each

// The elements of the set `key` that are at `from` or behind it.
std::string page_body(const std::string& key, const std::string& from,
                      std::optional<std::int64_t> revision, bool any_node) {
  // '0' is the character after '/': the end of all that begins with "key/".
  return '{' + key_member(from) + ",\"range_end\":\"" + base64(key + '0') +
         "\",\"keys_only\":true,\"limit\":\"" + std::to_string(kPage) + '"' +
         (revision ? ",\"revision\":\"" + std::to_string(*revision) + '"' : "") +
         (any_node ? ",\"serializable\":true}" : "}");
}

}  // namespace

Outcome add_element(const OpRequest& request, const Post& post) {
  const std::string element = request.key + '/' + std::to_string(request.value);
  Answer answer;
  const std::string puts = "{\"request_put\":{" + key_member(request.key) + ",\"value\":\"" +
                           base64(kMark) + "\"}},{\"request_put\":{" + key_member(element) + "}}";
  auto failure = read_answer(request, post("/v3/kv/txn", "{\"success\":[" + puts + "]}"), &answer);
  if (failure) return *failure;
  if (answer.succeeded) return outcome(EventType::ok, OpErrorClass::none, "");
  return unsure(request, OpErrorClass::reset, "the answer to the transaction is not understood");
}

bool marks_set(const Found& found) {
  return found.value == kMark;
}

Outcome read_set(const OpRequest& request, const Post& post, bool any_node) {
  const std::string below = request.key + '/';
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  out.list.emplace();
  std::string from = below;
  std::optional<std::int64_t> revision;
  for (bool more = true; more;) {
    Answer answer;
    auto failure = read_answer(
        request, post("/v3/kv/range", page_body(request.key, from, revision, any_node)), &answer);
    if (failure) return *failure;
    if (!answer.keys || !answer.revision) {
      return unsure(request, OpErrorClass::reset, "the answer to the range is not understood");
    }
    for (const std::string& key : *answer.keys) {
      const auto element = whole_number(std::string_view(key).substr(below.size()));
      if (!element) {
        return outcome(EventType::fail, OpErrorClass::definite, "the key holds no set");
      }
      out.list->push_back(*element);
    }
    more = answer.keys->size() >= kPage;
    if (!more) break;
    if (!revision) revision = answer.revision;
    from = answer.keys->back() + '\0';  // the next key that there can be
  }
  return out;
}

}  // namespace sunder::harness::etcd
