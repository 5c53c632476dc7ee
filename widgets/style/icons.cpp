// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/style/icons.h"

#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QSvgRenderer>

// Outside every namespace, as Qt wants it.
static void initialiseResources() { Q_INIT_RESOURCE(kvworkbench); }

namespace kvw {
namespace {

/// A one-colour SVG that is drawn in the text colour of the palette of the moment.
class TintedIcon final : public QIconEngine
{
public:
    explicit TintedIcon(QByteArray svg) : m_svg(std::move(svg)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
    {
        const QPalette palette = QGuiApplication::palette();
        const QColor colour = mode == QIcon::Selected ? palette.color(QPalette::HighlightedText)
            : mode == QIcon::Disabled                 ? palette.color(QPalette::Disabled, QPalette::WindowText)
                                                      : palette.color(QPalette::Active, QPalette::WindowText);
        QSvgRenderer renderer(QByteArray(m_svg).replace("currentColor", colour.name().toLatin1()));
        const int side = qMin(rect.width(), rect.height());
        QRect square(0, 0, side, side);
        square.moveCenter(rect.center());
        renderer.render(painter, square);
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap out(size);
        out.fill(Qt::transparent);
        QPainter painter(&out);
        paint(&painter, out.rect(), mode, state);
        return out;
    }

    QIconEngine* clone() const override { return new TintedIcon(m_svg); }

private:
    QByteArray m_svg;
};

} // namespace

void setUpResources()
{
    static const bool once = (initialiseResources(), true);
    Q_UNUSED(once)
}

QIcon icon(const QString& name)
{
    setUpResources();
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (file.open(QIODevice::ReadOnly))
        return QIcon(new TintedIcon(file.readAll()));
    return QIcon::fromTheme(name);
}

} // namespace kvw
