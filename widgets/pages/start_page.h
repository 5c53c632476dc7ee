// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/pages/page.h"

class QLabel;
class QListWidget;
class QPushButton;

namespace kvw {

class PathPicker;

/// Where one begins: open, recent, example, new project; a model and a text for a calibration.
class StartPage final : public Page
{
    Q_OBJECT
public:
    explicit StartPage(QWidget* parent = nullptr);

    QString id() const override { return QStringLiteral("start"); }
    QString title() const override { return tr("Start"); }
    QString iconName() const override { return QStringLiteral("kvw-start"); }

protected:
    bool worksWithoutProject() const override { return true; }
    void refresh() override;
    void showEvent(QShowEvent* event) override;

private:
    QWidget* makeProjects();
    QWidget* makeCalibration();
    void fillRecent();
    void recentMenu(const QPoint& at);
    void openPicked();
    void keepChoices();

    QListWidget* m_recent = nullptr;
    QPushButton* m_open_recent = nullptr;
    QPushButton* m_clear_recent = nullptr;
    QLabel* m_project = nullptr;
    PathPicker* m_model = nullptr;
    PathPicker* m_text = nullptr;
    QPushButton* m_calibrate = nullptr;
};

} // namespace kvw
