// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/main_window.h"

#include "widgets/jobs/job_text.h"
#include "widgets/pages/page.h"
#include "widgets/pages/page_list.h"
#include "widgets/shell/actions.h"
#include "widgets/shell/commands.h"
#include "widgets/shell/job_panel.h"
#include "widgets/shell/message_bar.h"
#include "widgets/shell/project_controller.h"
#include "widgets/shell/selection_panel.h"
#include "widgets/style/icons.h"

#include <QAction>
#include <QActionGroup>
#include <QCloseEvent>
#include <QDockWidget>
#include <QFileInfo>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QMimeData>
#include <QProgressBar>
#include <QStackedWidget>
#include <QStatusBar>
#include <QToolBar>
#include <QVBoxLayout>

namespace kvw {
namespace {

constexpr int kStateVersion = 1; ///< of saveState(); another one is not restored
constexpr int kBarSteps = 1000;

QDockWidget* makeDock(QMainWindow* window, const QString& name, const QString& title, QWidget* inside)
{
    auto* dock = new QDockWidget(title, window);
    dock->setObjectName(name);
    dock->setWidget(inside);
    return dock;
}

} // namespace

MainWindow::MainWindow(Layout layout, QWidget* parent)
    : QMainWindow(parent),
      m_jobs(&m_workspace),
      m_commands(new Commands(this)),
      m_actions(new Actions(m_commands))
{
    setWindowIcon(QIcon(QStringLiteral(":/icons/kvworkbench.svg")));
    setAcceptDrops(true);
    setDockOptions(AnimatedDocks | AllowTabbedDocks | AllowNestedDocks);
    m_appearance.setScheme(Settings().appearance());
    makeCentre();
    m_projects = new ProjectController(&m_workspace, &m_jobs, m_messages, this);
    makePages();
    makeDocks();
    makeMenus();
    makeStatusBar();
    connectAll();
    const int line = fontMetrics().height();
    resize(line * 76, line * 48);
    m_firstState = saveState(kStateVersion);
    if (layout == Layout::Restored)
        restore();
    projectChanged();
    showJobs();
}

MainWindow::~MainWindow() { m_workspace.disconnect(this); }

void MainWindow::makeCentre()
{
    auto* centre = new QWidget(this);
    m_messages = new MessageBar(centre);
    m_stack = new QStackedWidget(centre);
    auto* layout = new QVBoxLayout(centre);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_messages);
    layout->addWidget(m_stack, 1);
    setCentralWidget(centre);
}

void MainWindow::makePages()
{
    m_navigation = new QToolBar(tr("Pages"), this);
    m_navigation->setObjectName(QStringLiteral("pages"));
    m_navigation->setToolButtonStyle(Qt::ToolButtonTextUnderIcon);
    m_navigation->setMovable(true);
    const int side = fontMetrics().height() * 3 / 2;
    m_navigation->setIconSize({side, side});
    addToolBar(Qt::LeftToolBarArea, m_navigation);
    m_pageActions = new QActionGroup(this);
    for (const PageRow& row : pageList()) {
        Page* page = row.make();
        page->setParent(m_stack);
        m_stack->addWidget(page);
        m_pages.append(page);
        page->setWorkspace(&m_workspace);
        page->setJobs(&m_jobs);
        QAction* action = m_navigation->addAction(icon(page->iconName()), page->title());
        action->setCheckable(true);
        action->setData(page->id());
        action->setShortcut(QKeySequence(Qt::CTRL | Qt::Key(Qt::Key_0 + m_pages.size())));
        action->setToolTip(
            QStringLiteral("%1 (%2)").arg(page->title(), action->shortcut().toString(QKeySequence::NativeText)));
        m_pageActions->addAction(action);
        connect(action, &QAction::triggered, this, [this, page] { m_stack->setCurrentWidget(page); });
        connect(page, &Page::actionRequested, this, &MainWindow::perform);
        connect(page, &Page::problem, this, [this, page](const Problem& problem) {
            m_messages->show(QStringLiteral("page:") + page->id(), MessageBar::Level::Error, problem);
        });
    }
    if (!m_pages.isEmpty())
        m_pageActions->actions().first()->setChecked(true);
}

void MainWindow::makeDocks()
{
    m_jobPanel = new JobPanel(&m_workspace, &m_jobs, this);
    m_jobDock = makeDock(this, QStringLiteral("jobs"), tr("Jobs"), m_jobPanel);
    addDockWidget(Qt::BottomDockWidgetArea, m_jobDock);
    m_jobDock->hide();
    m_selectionDock =
        makeDock(this, QStringLiteral("selection"), tr("Selection"), new SelectionPanel(&m_workspace, this));
    addDockWidget(Qt::RightDockWidgetArea, m_selectionDock);
    m_selectionDock->hide();
}

void MainWindow::makeMenus()
{
    const std::pair<Menu, QString> menus[] = {{Menu::File, tr("&File")},
                                              {Menu::Edit, tr("&Edit")},
                                              {Menu::View, tr("&View")},
                                              {Menu::Jobs, tr("&Jobs")},
                                              {Menu::Help, tr("&Help")}};
    for (const auto& [which, title] : menus) {
        QMenu* menu = menuBar()->addMenu(title);
        m_actions->fill(menu, which);
        if (which == Menu::File) {
            m_recentMenu = new QMenu(tr("Open &recent"), menu);
            menu->insertMenu(m_actions->action(QStringLiteral("file.example")), m_recentMenu);
            connect(menu, &QMenu::aboutToShow, this, &MainWindow::fillRecentMenu);
        }
        if (which == Menu::View)
            makeViewMenu(menu);
    }
}

void MainWindow::makeViewMenu(QMenu* menu)
{
    m_layoutMenu = menu->addMenu(tr("&Layouts"));
    connect(menu, &QMenu::aboutToShow, this, &MainWindow::fillLayoutMenu);
    menu->addSeparator();
    menu->addActions(m_pageActions->actions());
    menu->addSeparator();
    for (QDockWidget* dock : {m_jobDock, m_selectionDock})
        menu->addAction(dock->toggleViewAction());
    menu->addAction(m_navigation->toggleViewAction());
    menu->addSeparator();
    QMenu* looks = menu->addMenu(tr("&Appearance"));
    auto* group = new QActionGroup(this);
    const std::pair<QString, QString> schemes[] = {{QStringLiteral("system"), tr("As the &desktop")},
                                                   {QStringLiteral("light"), tr("&Light")},
                                                   {QStringLiteral("dark"), tr("D&ark")}};
    for (const auto& [word, text] : schemes) {
        QAction* action = looks->addAction(text);
        action->setCheckable(true);
        action->setChecked(word == m_appearance.scheme());
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, word = word] {
            m_appearance.setScheme(word);
            Settings().setAppearance(word);
        });
    }
}

void MainWindow::makeStatusBar()
{
    m_projectLabel = new QLabel(this);
    m_jobLabel = new QLabel(this);
    m_jobBar = new QProgressBar(this);
    m_jobBar->setMaximumWidth(fontMetrics().averageCharWidth() * 24);
    m_jobBar->setAccessibleName(tr("Progress of the running job"));
    statusBar()->addWidget(m_projectLabel);
    statusBar()->addPermanentWidget(m_jobLabel);
    statusBar()->addPermanentWidget(m_jobBar);
}

void MainWindow::connectAll()
{
    connect(m_messages, &MessageBar::actionRequested, this, &MainWindow::perform);
    connect(m_stack, &QStackedWidget::currentChanged, this, [this](int index) {
        m_pageActions->actions().at(index)->setChecked(true);
        visitHere();
    });
    connect(&m_workspace, &Workspace::projectChanged, this, &MainWindow::projectChanged);
    connect(&m_workspace, &Workspace::selectionChanged, this, &MainWindow::visitHere);
    connect(&m_history, &ViewHistory::changed, m_actions, &Actions::updateEnabled);
    connect(&m_jobs, &JobController::jobsChanged, this, &MainWindow::showJobs);
    connect(&m_jobs, &JobController::jobProgress, this, &MainWindow::showJobs);
    connect(&m_jobs, &JobController::jobFinished, this, [this](qint64 job, const WorkerVerdict& verdict) {
        if (verdict.status == JobStatus::Failed)
            m_messages->show(QStringLiteral("job"), MessageBar::Level::Error, verdict.problem, tr("Show the log"),
                             QStringLiteral("jobs.show"));
        else
            m_messages->clear(QStringLiteral("job"));
        m_jobPanel->pick(job);
    });
    connect(m_jobPanel, &JobPanel::problem, this, [this](const Problem& problem) {
        m_messages->show(QStringLiteral("job"), MessageBar::Level::Error, problem);
    });
}

void MainWindow::restore()
{
    const Settings settings;
    restoreGeometry(settings.geometry());
    restoreState(settings.windowState(), kStateVersion);
    for (Page* page : m_pages)
        page->restoreState(settings.pageState(page->id()));
    showPage(settings.page());
}

void MainWindow::resetLayout()
{
    restoreState(m_firstState, kStateVersion);
    const int line = fontMetrics().height();
    resize(line * 76, line * 48);
}

void MainWindow::saveLayout(const QString& name) { Settings().setLayout(name, saveState(kStateVersion)); }

void MainWindow::restoreLayout(const QString& name) { restoreState(Settings().layout(name), kStateVersion); }

Page* MainWindow::page(const QString& id) const
{
    for (Page* page : m_pages)
        if (page->id() == id)
            return page;
    return nullptr;
}

Page* MainWindow::currentPage() const { return qobject_cast<Page*>(m_stack->currentWidget()); }

bool MainWindow::showPage(const QString& id)
{
    Page* found = page(id);
    if (found)
        m_stack->setCurrentWidget(found);
    return found != nullptr;
}

bool MainWindow::openProject(const QString& file) { return m_projects->open(file); }

void MainWindow::perform(const QString& request)
{
    const auto after = [&request](QLatin1String prefix) {
        return request.startsWith(prefix) ? request.mid(prefix.size()) : QString();
    };
    if (const QString page = after(QLatin1String("page:")); !page.isEmpty())
        showPage(page);
    else if (const QString file = after(QLatin1String("open:")); !file.isEmpty())
        m_projects->open(file);
    else if (QAction* action = m_actions->action(request))
        action->trigger();
    else
        qCritical("The window has no action \"%s\".", qUtf8Printable(request));
}

void MainWindow::goBack() { go(m_history.back()); }

void MainWindow::goForward() { go(m_history.forward()); }

void MainWindow::showJobDock()
{
    m_jobDock->show();
    m_jobDock->raise();
    m_jobPanel->setFocus(Qt::ShortcutFocusReason);
}

void MainWindow::go(const std::optional<ViewHistory::Place>& place)
{
    if (!place)
        return;
    m_travelling = true;
    showPage(place->page);
    m_workspace.setSelection(place->selection);
    m_travelling = false;
}

void MainWindow::visitHere()
{
    if (!m_travelling && currentPage())
        m_history.visit({currentPage()->id(), m_workspace.selection()});
}

void MainWindow::projectChanged()
{
    m_history.clear();
    visitHere();
    const QString program = tr("KV Workbench");
    if (!m_workspace.isOpen()) {
        setWindowTitle(program);
        setWindowFilePath({});
        m_projectLabel->setText(tr("No project"));
    } else {
        setWindowTitle(QStringLiteral("%1[*] — %2").arg(m_workspace.name(), program));
        m_projectLabel->setText(m_workspace.isReadOnly() ? tr("%1 (read only)").arg(m_workspace.shownPath())
                                                         : m_workspace.shownPath());
    }
    m_actions->updateEnabled();
}

void MainWindow::showJobs()
{
    const auto job = m_jobs.running();
    m_jobBar->setVisible(job.has_value());
    m_jobLabel->setVisible(job.has_value());
    m_actions->updateEnabled();
    const LiveJob* live = job ? m_jobs.live(*job) : nullptr;
    if (!live)
        return;
    const bool plain = m_jobs.workerState() == WorkerClient::State::Running && live->progress.stage > 0;
    const QString left = live->progress.eta_s ? durationText(*live->progress.eta_s) : QString();
    const QString state = plain ? stageText(live->progress.stage_name) : stateText(m_jobs.workerState());
    m_jobLabel->setText(plain && !left.isEmpty() ? tr("%1, %2 left", "stage, time").arg(state, left) : state);
    m_jobBar->setRange(0, live->progress.fraction ? kBarSteps : 0);
    if (live->progress.fraction)
        m_jobBar->setValue(qRound(*live->progress.fraction * kBarSteps));
}

void MainWindow::fillRecentMenu()
{
    m_recentMenu->clear();
    for (const RecentFile& file : Settings().recent())
        m_recentMenu->addAction(QString(file.path).replace(QLatin1Char('&'), QLatin1String("&&")), this,
                                [this, path = file.path] { m_projects->open(path); });
    m_recentMenu->setEnabled(!m_recentMenu->isEmpty());
    m_recentMenu->addSeparator();
    m_recentMenu->addAction(tr("&Clear the list"), this, [] { Settings().clearRecent(); });
}

void MainWindow::fillLayoutMenu()
{
    m_layoutMenu->clear();
    const QStringList names = Settings().layoutNames();
    for (const QString& name : names) {
        QMenu* menu = m_layoutMenu->addMenu(QString(name).replace(QLatin1Char('&'), QLatin1String("&&")));
        menu->addAction(tr("&Use"), this, [this, name] { restoreLayout(name); });
        menu->addAction(tr("&Remove"), this, [name] { Settings().setLayout(name, {}); });
    }
    m_layoutMenu->setEnabled(!names.isEmpty());
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (!m_projects->mayLeave()) {
        event->ignore();
        return;
    }
    Settings settings;
    settings.setWindow(saveGeometry(), saveState(kStateVersion), currentPage() ? currentPage()->id() : QString());
    for (const Page* page : m_pages)
        settings.setPageState(page->id(), page->saveState());
    m_projects->leave();
    event->accept();
}

void MainWindow::changeEvent(QEvent* event)
{
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::LanguageChange)
        m_actions->retranslate();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    const QList<QUrl> urls = event->mimeData()->urls();
    if (urls.size() == 1 && urls.first().isLocalFile())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    const QFileInfo info(event->mimeData()->urls().value(0).toLocalFile());
    if (info.isDir()) {
        // A folder is taken for a model: the start page says whether it is one.
        Settings().setText(QStringLiteral("model"), info.absoluteFilePath());
        showPage(QStringLiteral("calibrate"));
        return;
    }
    m_projects->open(info.absoluteFilePath());
}

} // namespace kvw
