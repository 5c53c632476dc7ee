// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QTextEdit;

namespace kvw {

/// One text beside the others, with the first word that differs from the reference marked.
class GenerationColumn final : public QWidget
{
    Q_OBJECT
public:
    explicit GenerationColumn(const QString& configuration, QWidget* parent = nullptr);

    QString configuration() const { return m_configuration; }
    void setText(const QString& text);
    void append(const QString& piece); ///< scrolls along while the end is seen
    QString text() const;
    void setFigures(const QString& words); ///< one line below the title
    QString figures() const;
    /// Marks the first word that differs from this text; a null string takes the mark away. While the text is still
    /// `growing`, being shorter is no difference.
    enum class Growing { No, Yes };
    void compareWith(const QString& reference, Growing growing);
    QString markedText() const { return m_marked; }

    /// Place of the first character that differs, moved back to the start of its word; -1: none differs.
    static qsizetype firstDifference(const QString& reference, const QString& text, Growing growing);

protected:
    void changeEvent(QEvent* event) override;

private:
    void mark();

    QString m_configuration, m_marked;
    qsizetype m_from = -1;
    QLabel* m_title;
    QLabel* m_figures;
    QTextEdit* m_text;
};

} // namespace kvw
