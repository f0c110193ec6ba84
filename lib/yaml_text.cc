// See lib/yaml_text.h.
#include "lib/yaml_text.h"

#include "base/error.h"

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdint>

namespace lib {
namespace {

using nlohmann::json;

constexpr std::size_t most_nodes = 100'000;
constexpr int deepest = 100;

class Converter {
public:
    explicit Converter(const std::string& file) : file_(file) {}

    json convert(const YAML::Node& node, int depth = 0) {
        if (++nodes_ > most_nodes || depth > deepest) fail(node, "the document is too large or too deep");
        switch (node.Type()) {
        case YAML::NodeType::Undefined:
        case YAML::NodeType::Null: return nullptr;
        case YAML::NodeType::Scalar: return scalar(node);
        case YAML::NodeType::Sequence: {
            json list = json::array();
            for (const YAML::Node& item : node) list.push_back(convert(item, depth + 1));
            return list;
        }
        case YAML::NodeType::Map: break;
        }
        json object = json::object();
        for (const auto& entry : node) {
            if (!entry.first.IsScalar()) fail(entry.first, "a key is not a text");
            if (!object.emplace(entry.first.Scalar(), convert(entry.second, depth + 1)).second)
                fail(entry.first, cat("\"", entry.first.Scalar(), "\" is there twice"));
        }
        return object;
    }

private:
    [[noreturn]] void fail(const YAML::Node& node, const std::string& why) const {
        throw Error(file_, ":", node.Mark().line + 1, ": ", why);
    }

    /// "!" is the tag of what is quoted, "?" of what is plain.
    static json scalar(const YAML::Node& node) {
        const std::string& text = node.Scalar();
        if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str") return text;
        if (text == "true" || text == "false") return text == "true";
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size()) return text;
        return number < 0 ? json(number) : json(static_cast<std::uint64_t>(number)); // JSON's parser tells them apart too
    }

    const std::string& file_;
    std::size_t nodes_ = 0;
};

} // namespace

json parse_yaml_text(const std::string& text, const std::string& file) {
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() != 1) throw Error(file, ": expected one YAML document, there are ", documents.size());
        return Converter(file).convert(documents.front());
    } catch (const YAML::Exception& e) {
        throw Error(file, ":", e.mark.line + 1, ": ", e.msg);
    }
}

} // namespace lib
