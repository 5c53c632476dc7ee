// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/generation_column.h"

#include <QEvent>
#include <QFontDatabase>
#include <QLabel>
#include <QScrollBar>
#include <QTextEdit>
#include <QVBoxLayout>

#include <algorithm>

namespace kvw {
namespace {

constexpr int kNarrowest_characters = 24;

} // namespace

GenerationColumn::GenerationColumn(const QString& configuration, QWidget* parent)
    : QWidget(parent),
      m_configuration(configuration),
      m_title(new QLabel(configuration, this)),
      m_figures(new QLabel(this)),
      m_text(new QTextEdit(this))
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setBold(true);
    m_title->setFont(font);
    m_title->setTextFormat(Qt::PlainText);
    m_title->setWordWrap(true);
    m_title->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_title->setBuddy(m_text);
    m_figures->setWordWrap(true);
    m_figures->setTextFormat(Qt::PlainText);
    m_figures->setTextInteractionFlags(Qt::TextSelectableByMouse);
    // Two lines, so that the texts begin at one height.
    m_figures->setMinimumHeight(2 * fontMetrics().lineSpacing());
    m_figures->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_text->setReadOnly(true);
    m_text->setAcceptRichText(false);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_text->setTabChangesFocus(true);
    m_text->setAccessibleName(tr("Text of %1").arg(configuration));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_title);
    layout->addWidget(m_figures);
    layout->addWidget(m_text, 1);
    setMinimumWidth(fontMetrics().averageCharWidth() * kNarrowest_characters);
}

void GenerationColumn::setText(const QString& text)
{
    m_text->setPlainText(text);
    m_from = -1;
    mark();
}

void GenerationColumn::append(const QString& piece)
{
    QScrollBar* bar = m_text->verticalScrollBar();
    const bool at_end = bar->value() == bar->maximum();
    QTextCursor cursor(m_text->document());
    cursor.movePosition(QTextCursor::End);
    cursor.insertText(piece);
    if (at_end)
        bar->setValue(bar->maximum());
}

QString GenerationColumn::text() const { return m_text->toPlainText(); }

void GenerationColumn::setFigures(const QString& words) { m_figures->setText(words); }

QString GenerationColumn::figures() const { return m_figures->text(); }

qsizetype GenerationColumn::firstDifference(const QString& reference, const QString& text, Growing growing)
{
    const qsizetype common = std::min(reference.size(), text.size());
    const auto [a, b] = std::mismatch(reference.begin(), reference.begin() + common, text.begin());
    Q_UNUSED(a)
    qsizetype place = b - text.begin();
    if (place == common && (text.size() == reference.size() || growing == Growing::Yes))
        return -1;
    while (place > 0 && !text[place - 1].isSpace())
        --place;
    return place;
}

void GenerationColumn::compareWith(const QString& reference, Growing growing)
{
    m_from = reference.isNull() ? -1 : firstDifference(reference, text(), growing);
    mark();
}

void GenerationColumn::mark()
{
    QList<QTextEdit::ExtraSelection> marks;
    m_marked.clear();
    if (m_from >= 0) {
        QTextEdit::ExtraSelection word;
        word.cursor = QTextCursor(m_text->document());
        word.cursor.setPosition(static_cast<int>(m_from));
        word.cursor.movePosition(QTextCursor::EndOfWord, QTextCursor::KeepAnchor);
        if (!word.cursor.hasSelection())
            word.cursor.movePosition(QTextCursor::NextCharacter, QTextCursor::KeepAnchor);
        word.format.setBackground(palette().highlight());
        word.format.setForeground(palette().highlightedText());
        word.format.setFontUnderline(true); // not by colour alone
        m_marked = word.cursor.selectedText();
        marks.append(word);
    }
    m_text->setExtraSelections(marks);
}

void GenerationColumn::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        mark();
}

} // namespace kvw
