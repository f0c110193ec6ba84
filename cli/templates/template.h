// Templates of Go's text/template over JSON documents: what users of Podman write after --format.
//
// Implemented as that package's documentation describes it, without methods, channels and complex numbers. Differences that
// JSON makes necessary: names of fields match whatever their case, exact ones first; an object's unknown field is an error
// unless the schema says that its keys are free; numbers compare whether they are whole or not. Control characters in
// texts of the document are printed escaped, those of the template's own texts are not.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cli::templates {

/// What a document does not say about itself.
struct Schema {
    /// A function of a document with arguments: {{.Label "name"}}.
    struct Method {
        std::string_view name;
        std::function<nlohmann::json(const nlohmann::json& receiver, const std::vector<std::string>& arguments)> call;
    };
    /// Names of fields that hold maps with keys of anybody's choice.
    std::span<const std::string_view> maps;
    /// Fields that a document leaves out when they are empty; they read as nil.
    std::span<const std::string_view> optional;
    std::vector<Method> methods;
};

struct ParsedTemplate;

class Template {
public:
    /// What stands from `start` on. Throws Error saying what is wrong at which character of the whole text.
    static Template parse(std::string_view text, std::size_t start = 0);

    /// Throws Error; half a result is never returned.
    std::string render(const nlohmann::json& data, const Schema& schema) const;
    /// With fields that templates see instead of, or besides, the document's own (Value::borrowed).
    std::string render(const nlohmann::json& data, const nlohmann::json& fields, const Schema& schema) const;
    /// The heading line of a table: `heading` turns the name of the first field of each action into what stands above it.
    std::string headings(const std::function<std::string(const std::string&)>& heading) const;
    /// Whether it is one {{range}} over the dot: it wants the list of all documents, not one after the other.
    bool ranges_over_all() const;

private:
    explicit Template(std::shared_ptr<const ParsedTemplate> parsed) : parsed_(std::move(parsed)) {}
    std::shared_ptr<const ParsedTemplate> parsed_;
};

} // namespace cli::templates
