// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>
#include <QPlainTextEdit>
#include <QWidget>

#include <string>
#include <vector>

class QLabel;

namespace kvw {

class Workspace;

/// A label for that field, whose mnemonic goes there.
QLabel* makeLabel(const QString& text, QWidget* field, QWidget* parent);

/// The models that the project's runs were made with, the newest first.
class ModelBox final : public QComboBox
{
    Q_OBJECT
public:
    explicit ModelBox(QWidget* parent = nullptr);

    /// Fills in what the project knows; the one that is chosen stays chosen.
    void setModels(const Workspace& workspace);
    QString folder() const { return currentData().toString(); } ///< empty when the project knows none
};

/// Configurations, one a line. Each line is read while it is typed; what is wrong with the first bad one is said below, in
/// the parser's words.
class ConfigurationEdit final : public QWidget
{
    Q_OBJECT
public:
    explicit ConfigurationEdit(QWidget* parent = nullptr);

    void setText(const QString& text);
    QString text() const;
    /// Normal forms of the lines that are configurations, none twice, without the identity, which every job adds itself.
    std::vector<std::string> configurations() const;
    bool isValid() const { return m_valid; }
    QPlainTextEdit* editor() const { return m_editor; }

Q_SIGNALS:
    void changed();

private:
    void check();

    QPlainTextEdit* m_editor;
    QLabel* m_problem;
    bool m_valid = true;
};

} // namespace kvw
