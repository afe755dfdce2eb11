// Facts of a node, then words, then lists; each layer is filled in from the ones before. See templates.hpp.
#include "harness/templates.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "harness/install.hpp"

namespace sunder::harness {
namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

Words facts_of(const System& system, const std::vector<NodeFacts>& nodes, std::size_t self) {
  const NodeFacts& node = nodes[self];
  const NodeFacts& first = nodes.front();
  Words words{{"name", node.name},
              {"hostname", node.hostname},
              {"ip", node.ip},
              {"bind", node.bind.empty() ? node.ip : node.bind},
              {"index", std::to_string(node.index)},
              {"data_dir", node.data_dir},
              {"bin_dir", node.bin_dir},
              {"install_dir", install_dir(system)},
              {"system_dir", system.folder.empty() ? install_dir(system) : system.folder},
              {"endpoint", node.endpoint},
              {"first_name", first.name},
              {"first_ip", first.ip},
              {"first_endpoint", first.endpoint},
              {"count", std::to_string(nodes.size())},
              {"other_count", std::to_string(nodes.size() - 1)},
              {"majority", std::to_string(nodes.size() / 2 + 1)}};
  for (const auto& [name, port] : system.ports) {
    words.emplace_back(name + "_port", std::to_string(port));
  }
  return words;
}

// {word} with a known word is replaced; {{ stands for a brace.
Result<std::string> replace_words(std::string_view text, const Words& words) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '{') {
      out += text[at++];
      continue;
    }
    if (text.substr(at, 2) == "{{") {
      out += '{';
      at += 2;
      continue;
    }
    const std::size_t end = text.find('}', at);
    const auto key = text.substr(at + 1, end == std::string_view::npos ? end : end - at - 1);
    const auto found =
        std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.first == key; });
    if (end == std::string_view::npos || found == words.end()) {
      return Error{ErrorCode::invalid, "{" + std::string(key) +
                                           "} is not something that a system's template can name; "
                                           "write {{ for a brace"};
    }
    out += found->second;
    at = end + 1;
  }
  return out;
}

Result<Words> words_of(const System& system, const std::vector<NodeFacts>& nodes,
                       std::size_t self) {
  const Words facts = facts_of(system, nodes, self);
  Words words = facts;
  // Of two words of one name the first is found: what a role says goes before what all say.
  for (const auto* layer :
       {self == 0 ? &system.first_words : &system.others_words, &system.words}) {
    for (const auto& [name, text] : *layer) {
      auto filled = replace_words(text, facts);
      if (!filled.ok()) return std::move(filled).error();
      words.emplace_back(name, std::move(*filled));
    }
  }
  return words;
}

Result<std::string> fill_list(const System& system, const SystemList& list,
                              const std::vector<NodeFacts>& nodes, std::size_t self) {
  std::string out;
  bool first = true;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (list.others_only && i == self) continue;
    const auto words = words_of(system, nodes, i);
    if (!words.ok()) return words.error();
    auto item = replace_words(list.item, *words);
    if (!item.ok()) return item;
    out += (first ? "" : list.separator) + *item;
    first = false;
  }
  return out;
}

}  // namespace

Result<std::string> fill_template(const System& system, std::string_view text,
                                  const std::vector<NodeFacts>& nodes, std::size_t self) {
  SUNDER_ASSERT(self < nodes.size());
  auto words = words_of(system, nodes, self);
  if (!words.ok()) return words.error();
  for (const auto& [name, list] : system.lists) {
    auto filled = fill_list(system, list, nodes, self);
    if (!filled.ok()) return filled;
    words->emplace_back(name, *filled);
  }
  return replace_words(text, *words);
}

Result<std::vector<std::string>> fill_templates(const System& system,
                                                const std::vector<std::string>& texts,
                                                const std::vector<NodeFacts>& nodes,
                                                std::size_t self) {
  std::vector<std::string> filled;
  for (const auto& text : texts) {
    auto one = fill_template(system, text, nodes, self);
    if (!one.ok()) return std::move(one).error();
    filled.push_back(std::move(*one));
  }
  return filled;
}

}  // namespace sunder::harness
