// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>

class QLabel;
class QLineEdit;
class QTimer;

namespace kvw {

struct ModelFacts;
struct Problem;

/// A field for a path with a button that opens a dialog, and below it what was found there: facts, or why it will not do.
/// What is typed is looked at a moment after the last key.
class PathPicker final : public QWidget
{
    Q_OBJECT
public:
    enum class What { Model, Text };

    PathPicker(What what, QWidget* parent = nullptr);

    QString path() const;
    void setPath(const QString& path);
    bool isGood() const { return m_good; }
    QLineEdit* field() const { return m_field; }
    /// How many values a weight takes (2: bf16) and how many tokens are held at once, for the memory that is needed.
    void setUse(double bytes_per_value, int window);
    QString verdict() const;
    int lineHeight() const; ///< of field and button, without what stands below
    /// Of a good text, about; 0 else.
    qint64 tokens() const { return m_tokens; }

Q_SIGNALS:
    void changed(); ///< another path, or a verdict on it

private:
    void browse();
    void look();
    void showFacts(const ModelFacts& facts);
    void showProblem(const Problem& problem);

    What m_what;
    QLineEdit* m_field = nullptr;
    QLabel* m_verdict = nullptr;
    QTimer* m_timer = nullptr;
    bool m_good = false;
    double m_bytes_per_value = 2;
    int m_window = 512;
    qint64 m_tokens = 0;
    int m_question = 0; ///< answers to older ones are thrown away
};

} // namespace kvw
