// Request bodies read strictly; see request.hpp. One of the few files that use nlohmann-json.
#include "control/request.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/units.hpp"
#include "control/limits.hpp"
#include "control/shapes.hpp"

namespace sunder::control {
namespace {

using nlohmann::json;

constexpr std::uint64_t kPidMax = 1U << 22;  // Linux PID_MAX_LIMIT

/// Reads one object; every getter marks its key, and finish() complains about the others. The first error sticks.
class Reader {
 public:
  explicit Reader(std::string_view body) {
    if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      object_ = json::object();
      return;
    }
    object_ = json::parse(body.begin(), body.end(), nullptr, /*allow_exceptions=*/false);
    if (object_.is_discarded()) {
      fail("bad_json", "", "the body is not JSON");
    } else if (!object_.is_object()) {
      fail("bad_json", "", "the body must be a JSON object");
    }
    if (error_) object_ = json::object();
  }

  void fail(const char* id, std::string field, std::string message) {
    if (!error_) error_ = bad_field(id, std::move(field), std::move(message));
  }
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  const json* get(const char* key) {
    known_.insert(key);
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }

  std::string text(const char* key, bool required = false) {
    const json* value = get(key);
    if (value == nullptr) {
      if (required) fail("missing_field", key, std::string("the field ") + key + " is missing");
      return {};
    }
    return text_of(*value, key);
  }
  bool boolean(const char* key, bool required = false) {
    const json* value = get(key);
    if (value == nullptr) {
      if (required) fail("missing_field", key, std::string("the field ") + key + " is missing");
      return false;
    }
    if (!value->is_boolean()) {
      fail("bad_type", key, std::string(key) + " must be true or false");
      return false;
    }
    return value->get<bool>();
  }
  Nanos duration(const char* key) {
    const json* value = get(key);
    if (value == nullptr) return 0;
    if (value->is_number_integer()) {
      const bool fits =
          !value->is_number_unsigned() || value->get<std::uint64_t>() <= std::uint64_t{INT64_MAX};
      const Nanos nanos = fits ? value->get<Nanos>() : -1;
      if (nanos >= 0 && nanos <= kDurationMax) return nanos;
    } else if (value->is_string()) {
      const auto parsed = parse_duration(value->get_ref<const std::string&>());
      if (!parsed) {
        fail("bad_value", key, parsed.error().message);
        return 0;
      }
      if (*parsed <= kDurationMax) return *parsed;
    } else {
      fail("bad_type", key, std::string(key) + " must be a time like \"30s\", or nanoseconds");
      return 0;
    }
    fail("bad_value", key, std::string(key) + " must lie between 0 and 30 days");
    return 0;
  }
  std::string text_of(const json& value, const std::string& field) {
    if (!value.is_string()) {
      fail("bad_type", field, field + " must be a text");
      return {};
    }
    return value.get<std::string>();
  }
  /// nullptr if the field is not there or no list.
  const json* list(const char* key) {
    const json* value = get(key);
    return value == nullptr ? nullptr : list_of(*value, key);
  }
  const json* list_of(const json& value, const std::string& field) {
    if (!value.is_array()) {
      fail("bad_type", field, field + " must be a list");
      return nullptr;
    }
    if (value.size() > kListMax) {
      fail("bad_value", field, field + " has more than " + std::to_string(kListMax) + " entries");
      return nullptr;
    }
    return &value;
  }
  std::vector<std::string> texts(const json& value, const std::string& field) {
    std::vector<std::string> out;
    const json* items = list_of(value, field);
    if (items == nullptr) return out;
    for (std::size_t i = 0; i < items->size(); ++i) {
      out.push_back(text_of((*items)[i], field + "[" + std::to_string(i) + "]"));
    }
    return out;
  }
  std::vector<Pair> pairs(const char* key);

  const json& object() const { return object_; }
  bool known(const std::string& key) const { return known_.count(key) != 0; }
  bool failed() const { return error_.has_value(); }

  Status finish() {
    for (const auto& entry : object_.items()) {
      if (known(entry.key())) continue;
      std::string names;
      for (const auto& name : known_) names += (names.empty() ? "" : ", ") + name;
      fail("unknown_key", entry.key().substr(0, 64),
           "there is no field of that name here; there are " + names);
      break;
    }
    if (error_) return *error_;
    return {};
  }

 private:
  static constexpr Nanos kDurationMax = 30LL * 24 * 3600 * kSecond;
  json object_;
  std::set<std::string> known_;
  std::optional<Error> error_;
};

/// ["n1","n2"] or "n1:n2" each; or one text in the PAIRS grammar.
std::vector<Pair> Reader::pairs(const char* key) {
  const json* value = get(key);
  if (value == nullptr) return {};
  const auto from_text = [&](const std::string& text, const std::string& field) {
    auto parsed = parse_pairs(text, false);
    if (parsed) return std::move(*parsed);
    Error error = parsed.error();
    error.where = field;
    fail(std::move(error));
    return std::vector<Pair>{};
  };
  if (value->is_string()) return from_text(value->get<std::string>(), key);
  const json* items = list_of(*value, key);
  if (items == nullptr) return {};
  std::vector<Pair> out;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const std::string field = std::string(key) + "[" + std::to_string(i) + "]";
    const json& item = (*items)[i];
    if (item.is_string()) {
      for (Pair& pair : from_text(item.get<std::string>(), field)) out.push_back(std::move(pair));
    } else if (item.is_array() && item.size() == 2) {
      out.push_back({text_of(item[0], field + "[0]"), text_of(item[1], field + "[1]")});
    } else {
      fail("bad_type", field, field + " must be a pair like [\"n1\",\"n2\"] or \"n1:n2\"");
    }
  }
  return out;
}

}  // namespace

namespace {

/// "lease" is a time ("30s") or the name of a lease that is held open ("l1").
void read_lease(Reader& in, Nanos& time, std::string& name) {
  const json* value = in.get("lease");
  const bool named =
      value != nullptr && value->is_string() && valid_name(value->get_ref<const std::string&>());
  if (named) {
    name = value->get<std::string>();
  } else {
    time = in.duration("lease");
  }
}

std::uint64_t whole_number(Reader& in, const char* key) {
  const json* value = in.get(key);
  if (value == nullptr) return 0;
  if (value->is_number_unsigned()) return value->get<std::uint64_t>();
  in.fail("bad_type", key, std::string(key) + " must be a whole number, 0 or more");
  return 0;
}

void read_shape(Reader& in, PartitionRequest& out) {
  out.shape.shape = in.text("shape");
  if (const json* nodes = in.get("nodes")) out.shape.nodes = in.texts(*nodes, "nodes");
  out.shape.leader = in.text("leader");
  out.shape.leader_side = in.text("leader_side");
  out.shape.seed = whole_number(in, "seed");
  if (in.get("shape") != nullptr) {
    if (out.shape.shape.empty()) in.fail("unknown_shape", "shape", "a shape has a name");
    return;
  }
  for (const char* key : {"nodes", "leader", "leader_side", "seed"}) {
    if (in.get(key) != nullptr) {
      in.fail("missing_field", "shape", std::string(key) + " belongs to a shape; name the shape");
    }
  }
}

void read_flap(Reader& in, PartitionRequest& out) {
  out.flap_on = in.duration("flap_on");
  out.flap_off = in.duration("flap_off");
  if ((in.get("flap_on") == nullptr) != (in.get("flap_off") == nullptr)) {
    in.fail("missing_field", in.get("flap_on") == nullptr ? "flap_on" : "flap_off",
            "a flapping cut has a flap_on and a flap_off");
  } else if (in.get("flap_on") != nullptr && (out.flap_on < kFlapMin || out.flap_off < kFlapMin)) {
    in.fail("bad_value", out.flap_on < kFlapMin ? "flap_on" : "flap_off",
            "a flapping cut stays on and off for at least 100 ms each");
  }
}

}  // namespace

Result<PartitionRequest> read_partition(std::string_view body) {
  Reader in(body);
  PartitionRequest out;
  read_shape(in, out);
  read_flap(in, out);
  if (const json* groups = in.list("groups")) {
    for (std::size_t g = 0; g < groups->size(); ++g) {
      out.groups.push_back(in.texts((*groups)[g], "groups[" + std::to_string(g) + "]"));
    }
  }
  out.pairs = in.pairs("pairs");
  if (in.get("kind") != nullptr) {
    const std::string kind = in.text("kind");
    if (const auto parsed = parse_cut_kind(kind)) {
      out.kind = *parsed;
    } else {
      in.fail("unknown_kind", "kind",
              "there is no cut kind \"" + kind + "\"; there are drop, hold, reset, close, refuse");
    }
  }
  out.one_way = in.boolean("one_way");
  out.name = in.text("name");
  read_lease(in, out.lease, out.lease_name);
  const bool named = in.get("groups") != nullptr || in.get("pairs") != nullptr;
  if (!in.failed() && !named && in.get("shape") == nullptr) {
    in.fail("missing_field", "groups", "give groups of nodes, or pairs, or a shape");
  }
  if (!in.failed() && in.get("pairs") != nullptr && out.pairs.empty()) {
    in.fail("bad_pairs", "pairs", "name at least one pair");
  }
  SUNDER_TRY(in.finish());
  return out;
}

Result<HealRequest> read_heal(std::string_view body) {
  Reader in(body);
  HealRequest out;
  if (const json* names = in.get("names")) {
    out.names = in.texts(*names, "names");
    // "these cuts: none" is not "every cut"
    if (out.names.empty()) {
      in.fail("bad_value", "names", "name at least one cut, or leave names out to heal every cut");
    }
  }
  out.all = in.boolean("all");
  SUNDER_TRY(in.finish());
  return out;
}

namespace {

std::map<std::string, std::string> read_params(Reader& in) {
  std::map<std::string, std::string> out;
  const json* params = in.get("params");
  if (params == nullptr) return out;
  if (!params->is_object()) {
    in.fail("bad_type", "params", "params must be an object");
    return out;
  }
  for (const auto& entry : params->items()) {
    // a bare number is taken as it stands: "count": 10
    const std::string field = "params." + entry.key();
    out[entry.key()] =
        entry.value().is_number() ? entry.value().dump() : in.text_of(entry.value(), field);
  }
  return out;
}

std::optional<double> read_probability(Reader& in) {
  const json* probability = in.get("probability");
  if (probability == nullptr) return std::nullopt;
  if (probability->is_number()) return probability->get<double>();
  if (!probability->is_string()) {
    in.fail("bad_type", "probability", "probability must be a number between 0 and 1");
    return std::nullopt;
  }
  const auto parsed = parse_ratio(probability->get_ref<const std::string&>());
  if (parsed) return *parsed;
  in.fail("bad_value", "probability", parsed.error().message);
  return std::nullopt;
}

}  // namespace

Result<FaultRequest> read_fault(std::string_view body) {
  Reader in(body);
  FaultRequest out;
  out.kind = in.text("kind", true);
  out.pairs = in.pairs("pairs");
  if (in.get("pairs") == nullptr) {
    in.fail("missing_field", "pairs", "the field pairs is missing");
  }
  out.params = read_params(in);
  out.name = in.text("name");
  out.duration = in.duration("duration");
  out.probability = read_probability(in).value_or(1.0);
  out.frame = in.text("frame");
  out.after_bytes = whole_number(in, "after_bytes");
  out.after_messages = whole_number(in, "after_messages");
  out.lease = in.text("lease");
  SUNDER_TRY(in.finish());
  return out;
}

Result<FaultChange> read_fault_change(std::string_view body) {
  Reader in(body);
  FaultChange out;
  out.params = read_params(in);
  out.probability = read_probability(in);
  SUNDER_TRY(in.finish());
  return out;
}

Result<ProxyRequest> read_proxy(std::string_view body, bool whole) {
  Reader in(body);
  ProxyRequest out;
  if (whole) out.name = in.text("name", true);
  if (in.get("listen") != nullptr) out.listen = in.text("listen");
  if (whole || in.get("upstream") != nullptr) out.upstream = in.text("upstream", whole);
  if (in.get("enabled") != nullptr) out.enabled = in.boolean("enabled");
  SUNDER_TRY(in.finish());
  return out;
}

Result<bool> read_down(std::string_view body) {
  Reader in(body);
  const bool down = in.boolean("down", true);
  SUNDER_TRY(in.finish());
  return down;
}

Result<std::vector<int>> read_pids(std::string_view body) {
  Reader in(body);
  std::vector<int> out;
  if (in.get("pids") == nullptr) in.fail("missing_field", "pids", "the field pids is missing");
  if (const json* list = in.list("pids"); list != nullptr) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      const json& pid = (*list)[i];
      const std::string field = "pids[" + std::to_string(i) + "]";
      if (!pid.is_number_unsigned() || pid.get<std::uint64_t>() > kPidMax) {
        in.fail("bad_type", field, field + " must be the number of a process");
        break;
      }
      out.push_back(pid.get<int>());
    }
  }
  SUNDER_TRY(in.finish());
  return out;
}

Result<JsonText> read_note(std::string_view body) {
  Reader in(body);
  const std::string event = in.get("event") == nullptr ? "note" : in.text("event");
  if (event != "note") in.fail("bad_value", "event", "only events of the kind note can be added");
  JsonText out;
  out.text("text", in.text("text", true));
  std::size_t more = 0;
  for (const auto& entry : in.object().items()) {
    const std::string& key = entry.key();
    if (in.known(key)) continue;
    if (key == "index" || key == "time") {
      in.fail("bad_value", key, "the log itself writes this field");
    } else if (entry.value().is_structured()) {
      in.fail("bad_type", key, "a field of a note is a text, a number, true, false or null");
    } else if (++more > kNoteFieldsMax || key.size() > 64) {
      in.fail("bad_value", "", "a note has at most 32 more fields, with names of at most 64 bytes");
    }
    if (in.failed()) break;
    in.get(key.c_str());
    out.raw(key, entry.value().dump());
  }
  SUNDER_TRY(in.finish());
  return out;
}

}  // namespace sunder::control
