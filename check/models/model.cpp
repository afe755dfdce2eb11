// The table of models. See model.hpp. Tested by tests/check/models_test.cpp.
#include "check/models/model.hpp"

#include <array>

namespace sunder::check {

#define MODEL(name) extern const Model name##_model;
#include "check/models/list.def"
#undef MODEL

namespace {

#define MODEL(name) &name##_model,
constexpr std::array kModels{
#include "check/models/list.def"
};
#undef MODEL

}  // namespace

std::span<const Model* const> all_models() {
  return kModels;
}

const Model* find_model(std::string_view name) {
  for (const Model* model : kModels) {
    if (name == model->name) return model;
  }
  return nullptr;
}

const Model* model_of(const History& history) {
  for (const Model* model : kModels) {
    if (model->fits(history)) return model;
  }
  return nullptr;
}

}  // namespace sunder::check
