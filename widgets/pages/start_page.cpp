// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/start_page.h"

#include "widgets/models/model_facts.h"
#include "widgets/models/settings.h"
#include "widgets/pages/path_picker.h"
#include "widgets/style/icons.h"

#include <QFileInfo>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QMenu>
#include <QPushButton>
#include <QVBoxLayout>

namespace kvw {
namespace {

constexpr int kPinnedRole = Qt::UserRole + 1;

} // namespace

StartPage::StartPage(QWidget* parent) : Page(parent)
{
    auto* heading = new QLabel(tr("KV Workbench"), content());
    QFont large = font();
    large.setPointSizeF(large.pointSizeF() * 1.8);
    heading->setFont(large);
    auto* subtitle = new QLabel(
        tr("Look into the key/value cache of a language model, compress it, and measure what that costs and gains."),
        content());
    subtitle->setWordWrap(true);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(fontMetrics().height() * 2);
    columns->addWidget(makeProjects(), 1);
    columns->addWidget(makeCalibration(), 1);
    auto* layout = new QVBoxLayout(content());
    const int margin = fontMetrics().height() * 3 / 2;
    layout->setContentsMargins(margin, margin, margin, margin);
    layout->addWidget(heading);
    layout->addWidget(subtitle);
    layout->addSpacing(fontMetrics().height());
    layout->addLayout(columns, 1);
}

QWidget* StartPage::makeProjects()
{
    auto* box = new QWidget(content());
    auto* title = new QLabel(tr("Projects"), box);
    QFont bold = font();
    bold.setBold(true);
    title->setFont(bold);
    auto* buttons = new QHBoxLayout;
    const std::tuple<QString, QString, QString> rows[] = {
        {tr("&Open…"), QStringLiteral("document-open"), QStringLiteral("file.open")},
        {tr("Ne&w…"), QStringLiteral("document-new"), QStringLiteral("file.new")},
        {tr("E&xample"), QStringLiteral("kvw-example"), QStringLiteral("file.example")}};
    for (const auto& [text, iconName, action] : rows) {
        auto* button = new QPushButton(icon(iconName), text, box);
        connect(button, &QPushButton::clicked, this, [this, action = action] { Q_EMIT actionRequested(action); });
        buttons->addWidget(button);
    }
    m_project = new QLabel(box);
    m_project->setWordWrap(true);
    m_project->setTextFormat(Qt::PlainText);
    auto* label = new QLabel(tr("&Recent, or drop a file anywhere on the window:"), box);
    m_recent = new QListWidget(box);
    m_recent->setAccessibleName(tr("Recent projects"));
    m_recent->setTextElideMode(Qt::ElideMiddle);
    m_recent->setContextMenuPolicy(Qt::CustomContextMenu);
    m_recent->setAlternatingRowColors(true);
    label->setBuddy(m_recent);
    m_open_recent = new QPushButton(tr("O&pen it"), box);
    m_clear_recent = new QPushButton(tr("C&lear the list"), box);
    m_clear_recent->setToolTip(tr("Forget all but the pinned ones; no file is deleted"));
    auto* below = new QHBoxLayout;
    below->addWidget(m_open_recent);
    below->addStretch();
    below->addWidget(m_clear_recent);
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(title);
    layout->addLayout(buttons);
    layout->addWidget(m_project);
    layout->addSpacing(fontMetrics().height() / 2);
    layout->addWidget(label);
    layout->addWidget(m_recent, 1);
    layout->addLayout(below);
    connect(m_recent, &QListWidget::itemActivated, this, &StartPage::openPicked);
    connect(m_recent, &QListWidget::customContextMenuRequested, this, &StartPage::recentMenu);
    connect(m_recent, &QListWidget::itemSelectionChanged, this,
            [this] { m_open_recent->setEnabled(m_recent->currentItem() != nullptr); });
    connect(m_open_recent, &QPushButton::clicked, this, &StartPage::openPicked);
    connect(m_clear_recent, &QPushButton::clicked, this, [this] {
        Settings().clearRecent();
        fillRecent();
    });
    return box;
}

QWidget* StartPage::makeCalibration()
{
    auto* box = new QWidget(content());
    auto* title = new QLabel(tr("New calibration"), box);
    QFont bold = font();
    bold.setBold(true);
    title->setFont(bold);
    auto* what = new QLabel(tr("A calibration reads a text with a model and keeps the moments of its keys and values. "
                               "Spectra and every basis at every rank follow from it."),
                            box);
    what->setWordWrap(true);
    auto* modelLabel = new QLabel(tr("&Model folder:"), box);
    m_model = new PathPicker(PathPicker::What::Model, box);
    modelLabel->setBuddy(m_model->field());
    auto* textLabel = new QLabel(tr("&Text:"), box);
    m_text = new PathPicker(PathPicker::What::Text, box);
    textLabel->setBuddy(m_text->field());
    m_calibrate = new QPushButton(icon(QStringLiteral("kvw-calibrate")), tr("&Calibrate…"), box);
    m_calibrate->setToolTip(tr("Go to the page where a calibration is set up and started"));
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(title);
    layout->addWidget(what);
    layout->addSpacing(fontMetrics().height() / 2);
    layout->addWidget(modelLabel);
    layout->addWidget(m_model);
    layout->addSpacing(fontMetrics().height() / 2);
    layout->addWidget(textLabel);
    layout->addWidget(m_text);
    layout->addSpacing(fontMetrics().height() / 2);
    layout->addWidget(m_calibrate, 0, Qt::AlignLeft);
    layout->addStretch(1);
    connect(m_model, &PathPicker::changed, this, &StartPage::keepChoices);
    connect(m_text, &PathPicker::changed, this, &StartPage::keepChoices);
    connect(m_calibrate, &QPushButton::clicked, this,
            [this] { Q_EMIT actionRequested(QStringLiteral("page:calibrate")); });
    return box;
}

void StartPage::showEvent(QShowEvent* event)
{
    Page::showEvent(event);
    Settings settings;
    settings.pruneRecent();
    fillRecent();
    const QString model = settings.text(QStringLiteral("model"));
    m_model->setPath(model.isEmpty() ? sampleModelFolder() : model);
    m_text->setPath(settings.text(QStringLiteral("text")));
}

void StartPage::keepChoices()
{
    Settings settings;
    if (m_model->isGood())
        settings.setText(QStringLiteral("model"), m_model->path());
    if (m_text->isGood())
        settings.setText(QStringLiteral("text"), m_text->path());
}

void StartPage::refresh()
{
    if (!workspace()->isOpen())
        m_project->setText(tr("No project is open."));
    else
        m_project->setText(tr("Open: %1, with %n run(s)", nullptr, static_cast<int>(workspace()->runs().size()))
                               .arg(workspace()->shownPath()));
    fillRecent();
}

void StartPage::fillRecent()
{
    m_recent->clear();
    for (const RecentFile& file : Settings().recent()) {
        const QFileInfo info(file.path);
        auto* item = new QListWidgetItem(QStringLiteral("%1 — %2").arg(info.completeBaseName(), info.path()), m_recent);
        item->setData(Qt::UserRole, file.path);
        item->setData(kPinnedRole, file.pinned);
        item->setToolTip(file.pinned ? tr("%1 (pinned)").arg(file.path) : file.path);
        if (file.pinned)
            item->setIcon(icon(QStringLiteral("kvw-pin")));
    }
    m_open_recent->setEnabled(false);
    m_clear_recent->setEnabled(m_recent->count() > 0);
}

void StartPage::recentMenu(const QPoint& at)
{
    const QListWidgetItem* item = m_recent->itemAt(at);
    if (!item)
        return;
    const QString path = item->data(Qt::UserRole).toString();
    const bool pinned = item->data(kPinnedRole).toBool();
    QMenu menu(this);
    menu.addAction(tr("Open"), this, &StartPage::openPicked);
    menu.addAction(pinned ? tr("Pin no more") : tr("Pin"), this, [this, path, pinned] {
        Settings().setPinned(path, !pinned);
        fillRecent();
    });
    menu.addAction(tr("Take out of the list"), this, [this, path] {
        Settings().removeRecent(path);
        fillRecent();
    });
    menu.exec(m_recent->viewport()->mapToGlobal(at));
}

void StartPage::openPicked()
{
    if (const QListWidgetItem* item = m_recent->currentItem())
        Q_EMIT actionRequested(QStringLiteral("open:") + item->data(Qt::UserRole).toString());
}

} // namespace kvw
