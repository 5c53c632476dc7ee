// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace kvw::testing {

/// An element of a document, its text without that of its children.
struct XmlElement
{
    std::string name, text;
    std::map<std::string, std::string> attributes;
    std::vector<XmlElement> children;

    /// Elements of this name in document order, this one included.
    void find(std::string_view wanted, std::vector<const XmlElement*>& out) const
    {
        if (name == wanted)
            out.push_back(this);
        for (const XmlElement& child : children)
            child.find(wanted, out);
    }
    std::vector<const XmlElement*> all(std::string_view wanted) const
    {
        std::vector<const XmlElement*> out;
        find(wanted, out);
        return out;
    }
    std::string whole_text() const
    {
        std::string out = text;
        for (const XmlElement& child : children)
            out += child.whole_text();
        return out;
    }
};

/// Reads a document strictly: every element closed by its own name, attributes in quotes and once, only the five
/// references, no stray "<", "&" or control characters. Throws std::runtime_error saying where.
class XmlReader
{
public:
    static XmlElement read(std::string_view text)
    {
        XmlReader reader(text);
        reader.skip_prolog();
        XmlElement root = reader.element();
        reader.skip_blanks();
        if (reader.at_ != text.size())
            reader.fail("something follows the document's element");
        return root;
    }

private:
    explicit XmlReader(std::string_view text) : text_(text) {}

    [[noreturn]] void fail(const std::string& why) const
    {
        throw std::runtime_error(why + " at byte " + std::to_string(at_) + ": " + std::string(text_.substr(at_, 60)));
    }
    bool next_is(std::string_view word) const { return text_.substr(at_).starts_with(word); }
    bool skip(std::string_view word)
    {
        const bool there = next_is(word);
        at_ += there ? word.size() : 0;
        return there;
    }
    void need(std::string_view word)
    {
        if (!skip(word))
            fail("\"" + std::string(word) + "\" is missing");
    }
    void skip_blanks()
    {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
            ++at_;
    }
    void skip_prolog()
    {
        for (skip_blanks(); next_is("<?") || next_is("<!"); skip_blanks()) {
            at_ = text_.find('>', at_);
            if (at_ == std::string_view::npos)
                throw std::runtime_error("the prolog does not end");
            ++at_;
        }
    }
    std::string name()
    {
        const std::size_t first = at_;
        while (at_ < text_.size()
               && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-' || text_[at_] == ':'
                   || text_[at_] == '_'))
            ++at_;
        if (at_ == first)
            fail("a name is missing");
        return std::string(text_.substr(first, at_ - first));
    }
    char character()
    {
        for (const auto& [reference, value] : std::map<std::string, char>{
                 {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}})
            if (skip(reference))
                return value;
        const char c = text_[at_];
        if (c == '&' || c == '<' || (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r'))
            fail("a character that must not stand here");
        ++at_;
        return c;
    }
    void attributes(XmlElement& element)
    {
        for (skip_blanks(); !next_is(">") && !next_is("/>"); skip_blanks()) {
            const std::string key = name();
            need("=\"");
            std::string value;
            while (at_ < text_.size() && !next_is("\""))
                value += character();
            need("\"");
            if (!element.attributes.emplace(key, value).second)
                fail("the attribute " + key + " stands twice");
        }
    }
    XmlElement element()
    {
        XmlElement out;
        need("<");
        out.name = name();
        attributes(out);
        if (skip("/>"))
            return out;
        need(">");
        while (!next_is("</")) {
            if (at_ >= text_.size())
                fail("the element " + out.name + " is not closed");
            if (next_is("<!--"))
                at_ = text_.find("-->", at_) + 3;
            else if (next_is("<"))
                out.children.push_back(element());
            else
                out.text += character();
        }
        need("</" + out.name);
        skip_blanks();
        need(">");
        return out;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace kvw::testing
