// What a template computes with: a part of a JSON document, a value of its own, or nothing ("<no value>").
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace cli::templates {

class Value {
public:
    /// Nothing: a key that a map does not have.
    Value() = default;
    /// A part of a document that outlives this.
    static Value borrowed(const nlohmann::json& part);
    /// The same, with fields that templates see instead of, or besides, the document's own: {{json .}} prints the document,
    /// {{.ID}} is one of the fields. For a list of documents `fields` is a list as well.
    static Value borrowed(const nlohmann::json& document, const nlohmann::json& fields);
    /// A value of the document's, kept here: its text may hold anything.
    static Value foreign(nlohmann::json value);
    /// A value whose text is the template's own, or has been made harmless.
    static Value own(nlohmann::json value);
    static Value nil();
    /// A value that has been made from this one, and has its origin.
    Value derived(nlohmann::json made) const;

    bool exists() const { return data_ != nullptr; }
    /// Nothing is null.
    const nlohmann::json& data() const;
    /// A part of this value, which has its origin.
    Value part(const nlohmann::json& inner) const;
    /// The i-th of a list.
    Value element(std::size_t i) const;
    /// What is looked at before data() for a field, nullptr: nothing.
    const nlohmann::json* fields() const { return fields_; }

    /// Whether keys that an object does not have are nothing ({{.Labels.x}}) and not an error ({{.Sttae}}).
    bool has_free_keys() const { return free_keys_; }
    Value with_free_keys() const;

    /// Whether {{if}} takes it: not for nothing, null, false, 0 and what is empty.
    bool is_true() const;
    /// As Go prints it: [a b], map[a:1], <no value>. Control characters of the document's texts are escaped.
    std::string printed() const;
    /// The text of a string, escaped where it is the document's.
    std::string harmless_text() const;
    /// "a number", for errors.
    std::string kind() const;
    /// "int", "string", for %T.
    std::string go_type() const;

private:
    const nlohmann::json* data_ = nullptr;
    const nlohmann::json* fields_ = nullptr;
    std::shared_ptr<const nlohmann::json> owner_; ///< of data_, or of what it is a part of; empty: borrowed
    bool ours_ = false;
    bool free_keys_ = false;
};

/// A floating point number as Go's %v has it: the shortest text that is read as the same number.
std::string float_text(double number);

} // namespace cli::templates
