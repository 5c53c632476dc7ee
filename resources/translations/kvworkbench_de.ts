<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>kvw</name>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Part of run</source>
        <translation>Teil von Lauf</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Started</source>
        <translation>Begonnen</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>Beendet</translation>
    </message>
    <message>
        <source>Asked for</source>
        <translation>Verlangt</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>Dauer</translation>
    </message>
    <message>
        <source>Hash of model</source>
        <translation>Hash des Modells</translation>
    </message>
    <message>
        <source>Hash of text</source>
        <translation>Hash des Textes</translation>
    </message>
    <message>
        <source>Hash of configuration</source>
        <translation>Hash der Konfiguration</translation>
    </message>
    <message>
        <source>Environment</source>
        <translation>Umgebung</translation>
    </message>
    <message>
        <source>Configuration</source>
        <translation>Konfiguration</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation>Kalibrierung</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Kind of error</source>
        <translation>Art des Fehlers</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Hint</source>
        <translation>Hinweis</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Folder of model</source>
        <translation>Ordner des Modells</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>Architektur</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>Heads</source>
        <translation>Köpfe</translation>
    </message>
    <message>
        <source>KV heads</source>
        <translation>KV-Köpfe</translation>
    </message>
    <message>
        <source>Head size</source>
        <translation>Größe eines Kopfes</translation>
    </message>
    <message>
        <source>Hidden size</source>
        <translation>Verborgene Größe</translation>
    </message>
    <message>
        <source>Vocabulary</source>
        <translation>Wortschatz</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>Size of text</source>
        <translation>Größe des Textes</translation>
    </message>
    <message>
        <source>Characters</source>
        <translation>Zeichen</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>Prozessor</translation>
    </message>
    <message>
        <source>Cores</source>
        <translation>Kerne</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>Threads</translation>
    </message>
    <message>
        <source>Memory of machine</source>
        <translation>Speicher der Maschine</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>Typ</translation>
    </message>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>Compiler</source>
        <translation>Compiler</translation>
    </message>
    <message>
        <source>LibTorch</source>
        <translation>LibTorch</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>Programm</translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation>Perplexität</translation>
    </message>
    <message>
        <source>NLL change</source>
        <translation>Änderung der NLL</translation>
    </message>
    <message>
        <source>NLL change, low</source>
        <translation>Änderung der NLL, unten</translation>
    </message>
    <message>
        <source>NLL change, high</source>
        <translation>Änderung der NLL, oben</translation>
    </message>
    <message>
        <source>PPL change</source>
        <translation>Änderung der PPL</translation>
    </message>
    <message>
        <source>PPL change, low</source>
        <translation>Änderung der PPL, unten</translation>
    </message>
    <message>
        <source>PPL change, high</source>
        <translation>Änderung der PPL, oben</translation>
    </message>
    <message>
        <source>KL mean</source>
        <translation>KL im Mittel</translation>
    </message>
    <message>
        <source>KL median</source>
        <translation>KL, Median</translation>
    </message>
    <message>
        <source>KL p99</source>
        <translation>KL p99</translation>
    </message>
    <message>
        <source>Top-1 agreement</source>
        <translation>Gleiche erste Wahl</translation>
    </message>
    <message>
        <source>Raw tokens</source>
        <translation>Rohe Token</translation>
    </message>
    <message>
        <source>Coded tokens read</source>
        <translation>Gelesene kodierte Token</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Payload</source>
        <translation>Nutzlast</translation>
    </message>
    <message>
        <source>Scales</source>
        <translation>Maßstäbe</translation>
    </message>
    <message>
        <source>Raw</source>
        <translation>Roh</translation>
    </message>
    <message>
        <source>Padding</source>
        <translation>Füllung</translation>
    </message>
    <message>
        <source>Bases</source>
        <translation>Basen</translation>
    </message>
    <message>
        <source>Scratch</source>
        <translation>Arbeitsspeicher</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>Werte</translation>
    </message>
    <message>
        <source>Cache</source>
        <translation>Cache</translation>
    </message>
    <message>
        <source>In all</source>
        <translation>Insgesamt</translation>
    </message>
    <message>
        <source>Per value</source>
        <translation>Je Wert</translation>
    </message>
    <message>
        <source>Allocator</source>
        <translation>Speicherverwaltung</translation>
    </message>
    <message>
        <source>Peak of process</source>
        <translation>Höchststand des Prozesses</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>Kontext</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation>Stapel</translation>
    </message>
    <message>
        <source>Prefill</source>
        <translation>Einlesen</translation>
    </message>
    <message>
        <source>Decode</source>
        <translation>Dekodieren</translation>
    </message>
    <message>
        <source>Decode p10</source>
        <translation>Dekodieren p10</translation>
    </message>
    <message>
        <source>Decode p90</source>
        <translation>Dekodieren p90</translation>
    </message>
    <message>
        <source>Bandwidth</source>
        <translation>Bandbreite</translation>
    </message>
    <message>
        <source>Read a step</source>
        <translation>Gelesen je Schritt</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>KV head</source>
        <translation>KV-Kopf</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Positions</source>
        <translation>Positionen</translation>
    </message>
    <message>
        <source>Weighting</source>
        <translation>Gewichtung</translation>
    </message>
    <message>
        <source>Vectors</source>
        <translation>Vektoren</translation>
    </message>
    <message>
        <source>Effective rank</source>
        <translation>Effektiver Rang</translation>
    </message>
    <message>
        <source>Rank for 90 %</source>
        <translation>Rang für 90 %</translation>
    </message>
    <message>
        <source>Rank for 95 %</source>
        <translation>Rang für 95 %</translation>
    </message>
    <message>
        <source>Rank for 99 %</source>
        <translation>Rang für 99 %</translation>
    </message>
    <message>
        <source>Spread</source>
        <translation>Spreizung</translation>
    </message>
    <message>
        <source>Share of mean</source>
        <translation>Anteil des Mittels</translation>
    </message>
    <message>
        <source>Coding gain</source>
        <translation>Kodiergewinn</translation>
    </message>
    <message>
        <source>Eigenvalues</source>
        <translation>Eigenwerte</translation>
    </message>
    <message>
        <source>First difference</source>
        <translation>Erste Abweichung</translation>
    </message>
    <message>
        <source>Equal tokens</source>
        <translation>Gleiche Token</translation>
    </message>
    <message>
        <source>Instructions</source>
        <translation>Befehlssatz</translation>
    </message>
    <message>
        <source>Products</source>
        <translation>Produkte</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>Eingabe</translation>
    </message>
    <message>
        <source>Generated text</source>
        <translation>Erzeugter Text</translation>
    </message>
    <message>
        <source>Token ids</source>
        <translation>Token-Nummern</translation>
    </message>
    <message>
        <source>Ended by</source>
        <translation>Beendet durch</translation>
    </message>
    <message>
        <source>Specification</source>
        <translation>Auftragsbeschreibung</translation>
    </message>
    <message>
        <source>Process</source>
        <translation>Prozess</translation>
    </message>
    <message>
        <source>Job</source>
        <translation>Auftrag</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>Content</source>
        <translation>Inhalt</translation>
    </message>
    <message>
        <source>Written</source>
        <translation>Geschrieben</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Notiz</translation>
    </message>
    <message>
        <source>Scored</source>
        <translation>Bewertet</translation>
    </message>
    <message>
        <source>Scoring speed</source>
        <translation>Tempo der Bewertung</translation>
    </message>
    <message>
        <source>Scoring time</source>
        <translation>Zeit der Bewertung</translation>
    </message>
    <message>
        <source>Sum of NLL</source>
        <translation>Summe der NLL</translation>
    </message>
    <message>
        <source>Sum of KL</source>
        <translation>Summe der KL</translation>
    </message>
    <message>
        <source>Top-1 equal</source>
        <translation>Top-1 gleich</translation>
    </message>
    <message>
        <source>Input</source>
        <translation>Eingabe</translation>
    </message>
    <message>
        <source>Phase</source>
        <translation>Phase</translation>
    </message>
    <message>
        <source>Round</source>
        <translation>Runde</translation>
    </message>
    <message>
        <source>Timed</source>
        <translation>Gemessen</translation>
    </message>
    <message>
        <source>Bytes moved</source>
        <translation>Bewegte Bytes</translation>
    </message>
    <message>
        <source>Decode speed</source>
        <translation>Decodiertempo</translation>
    </message>
</context>
<context>
    <name>kvw::AboutDialog</name>
    <message>
        <source>About KV Workbench</source>
        <translation>Über KV Workbench</translation>
    </message>
    <message>
        <source>A laboratory for compressing the key/value cache of language models.

Free software under the GNU General Public License, version 3 or later; without any warranty.</source>
        <translation>Ein Labor zum Komprimieren des Schlüssel-Wert-Speichers von Sprachmodellen.

Freie Software unter der GNU General Public License, Version 3 oder neuer; ohne jede Gewährleistung.</translation>
    </message>
    <message>
        <source>Versions</source>
        <translation>Versionen</translation>
    </message>
    <message>
        <source>Worker: %1</source>
        <translation>Worker: %1</translation>
    </message>
    <message>
        <source>Worker: %1 does not start.</source>
        <translation>Worker: %1 startet nicht.</translation>
    </message>
</context>
<context>
    <name>kvw::Actions</name>
    <message>
        <source>&amp;New project…</source>
        <translation>&amp;Neues Projekt…</translation>
    </message>
    <message>
        <source>Make an empty project file</source>
        <translation>Eine leere Projektdatei anlegen</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>Ö&amp;ffnen…</translation>
    </message>
    <message>
        <source>Open a project file</source>
        <translation>Eine Projektdatei öffnen</translation>
    </message>
    <message>
        <source>Open &amp;example</source>
        <translation>&amp;Beispiel öffnen</translation>
    </message>
    <message>
        <source>Open the example project, measured on the sample model</source>
        <translation>Das Beispielprojekt öffnen, gemessen am Beispielmodell</translation>
    </message>
    <message>
        <source>Save a &amp;copy as…</source>
        <translation>Eine &amp;Kopie speichern…</translation>
    </message>
    <message>
        <source>Write a compact copy of the project under another name</source>
        <translation>Eine kompakte Kopie des Projekts unter anderem Namen schreiben</translation>
    </message>
    <message>
        <source>E&amp;xport this page…</source>
        <translation>Diese Seite e&amp;xportieren…</translation>
    </message>
    <message>
        <source>Write the figures and tables of the page that is shown into a folder</source>
        <translation>Abbildungen und Tabellen der gezeigten Seite in einen Ordner schreiben</translation>
    </message>
    <message>
        <source>C&amp;lose project</source>
        <translation>Projekt &amp;schließen</translation>
    </message>
    <message>
        <source>Close the project; the window stays</source>
        <translation>Das Projekt schließen; das Fenster bleibt</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>B&amp;eenden</translation>
    </message>
    <message>
        <source>Close the window</source>
        <translation>Das Fenster schließen</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>Copy the selected cells, or the figure that has the focus</source>
        <translation>Die ausgewählten Zellen kopieren, oder die Abbildung, die den Fokus hat</translation>
    </message>
    <message>
        <source>Copy with &amp;headers</source>
        <translation>Mit &amp;Kopf kopieren</translation>
    </message>
    <message>
        <source>Copy the selected cells with the names of their columns</source>
        <translation>Die ausgewählten Zellen mit den Namen ihrer Spalten kopieren</translation>
    </message>
    <message>
        <source>Select &amp;all</source>
        <translation>&amp;Alles auswählen</translation>
    </message>
    <message>
        <source>Select every row of the table that has the focus</source>
        <translation>Jede Zeile der Tabelle auswählen, die den Fokus hat</translation>
    </message>
    <message>
        <source>C&amp;lear selection</source>
        <translation>Auswahl auf&amp;heben</translation>
    </message>
    <message>
        <source>Pick no run and no head</source>
        <translation>Keinen Lauf und keinen Kopf auswählen</translation>
    </message>
    <message>
        <source>&amp;Filter</source>
        <translation>&amp;Filter</translation>
    </message>
    <message>
        <source>Go to the page&apos;s filter</source>
        <translation>Zum Filter der Seite gehen</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>The page and selection before</source>
        <translation>Die Seite und Auswahl davor</translation>
    </message>
    <message>
        <source>F&amp;orward</source>
        <translation>&amp;Vor</translation>
    </message>
    <message>
        <source>The page and selection that Back left</source>
        <translation>Die Seite und Auswahl, die „Zurück“ verlassen hat</translation>
    </message>
    <message>
        <source>&amp;Refresh</source>
        <translation>&amp;Neu lesen</translation>
    </message>
    <message>
        <source>Read the project file again</source>
        <translation>Die Projektdatei noch einmal lesen</translation>
    </message>
    <message>
        <source>F&amp;ull screen</source>
        <translation>V&amp;ollbild</translation>
    </message>
    <message>
        <source>Fill the screen, or stop filling it</source>
        <translation>Den Bildschirm füllen, oder nicht mehr</translation>
    </message>
    <message>
        <source>&amp;Save layout as…</source>
        <translation>Anordnung &amp;speichern…</translation>
    </message>
    <message>
        <source>Keep the arrangement of docks and pages under a name</source>
        <translation>Die Anordnung von Docks und Seiten unter einem Namen behalten</translation>
    </message>
    <message>
        <source>Rese&amp;t layout</source>
        <translation>Anordnung zu&amp;rücksetzen</translation>
    </message>
    <message>
        <source>Put docks and window back where they were at first</source>
        <translation>Docks und Fenster dahin zurück, wo sie anfangs waren</translation>
    </message>
    <message>
        <source>New &amp;calibration</source>
        <translation>Neue &amp;Kalibrierung</translation>
    </message>
    <message>
        <source>Choose a model and a text and gather the moments of its keys and values</source>
        <translation>Ein Modell und einen Text wählen und die Momente seiner Schlüssel und Werte sammeln</translation>
    </message>
    <message>
        <source>Ca&amp;ncel the running job</source>
        <translation>Den laufenden Auftrag &amp;abbrechen</translation>
    </message>
    <message>
        <source>End the running job; what it has finished is kept</source>
        <translation>Den laufenden Auftrag beenden; was fertig ist, bleibt</translation>
    </message>
    <message>
        <source>&amp;Run the picked job again</source>
        <translation>Den ausgewählten Auftrag &amp;noch einmal starten</translation>
    </message>
    <message>
        <source>Start a job with the same settings</source>
        <translation>Einen Auftrag mit denselben Einstellungen starten</translation>
    </message>
    <message>
        <source>Show &amp;jobs</source>
        <translation>Aufträge &amp;zeigen</translation>
    </message>
    <message>
        <source>Show the list of jobs and their log</source>
        <translation>Die Liste der Aufträge und ihr Protokoll zeigen</translation>
    </message>
    <message>
        <source>&amp;Manual</source>
        <translation>&amp;Handbuch</translation>
    </message>
    <message>
        <source>Open the manual</source>
        <translation>Das Handbuch öffnen</translation>
    </message>
    <message>
        <source>&amp;Keyboard shortcuts</source>
        <translation>&amp;Tastenkürzel</translation>
    </message>
    <message>
        <source>List every shortcut</source>
        <translation>Jedes Tastenkürzel auflisten</translation>
    </message>
    <message>
        <source>&amp;About KV Workbench</source>
        <translation>Ü&amp;ber KV Workbench</translation>
    </message>
    <message>
        <source>Versions of the program and its libraries, licence</source>
        <translation>Versionen des Programms und seiner Bibliotheken, Lizenz</translation>
    </message>
    <message>
        <source>Move the cursor</source>
        <translation>Den Zeiger bewegen</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>Vergrößern</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>Verkleinern</translation>
    </message>
    <message>
        <source>Show everything</source>
        <translation>Alles zeigen</translation>
    </message>
</context>
<context>
    <name>kvw::AgainDialog</name>
    <message>
        <source>Run job %1 again</source>
        <translation>Auftrag %1 noch einmal starten</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>&amp;Starten</translation>
    </message>
</context>
<context>
    <name>kvw::CalibratePage</name>
    <message>
        <source>How many tokens of the text are read; 0: all of it</source>
        <translation>Wie viele Token des Textes gelesen werden; 0: alle</translation>
    </message>
    <message>
        <source>all</source>
        <translation>alle</translation>
    </message>
    <message>
        <source>Tokens of one pass; no token sees further back</source>
        <translation>Token eines Durchgangs; kein Token sieht weiter zurück</translation>
    </message>
    <message>
        <source>First positions of a window that the spectra without sinks leave out</source>
        <translation>Erste Positionen eines Fensters, die die Spektren ohne Senken auslassen</translation>
    </message>
    <message>
        <source>&amp;Attention-weighted moments too</source>
        <translation>&amp;Auch mit Aufmerksamkeit gewichtete Momente</translation>
    </message>
    <message>
        <source>Needed by the codecs &quot;weighted&quot;; takes longer</source>
        <translation>Von den Codecs „weighted“ gebraucht; dauert länger</translation>
    </message>
    <message>
        <source>&amp;Start the calibration</source>
        <translation>Kalibrierung &amp;starten</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <source>Sinks</source>
        <translation>Senken</translation>
    </message>
    <message>
        <source>Progress of the stage</source>
        <translation>Fortschritt der Stufe</translation>
    </message>
    <message>
        <source>Ca&amp;ncel</source>
        <translation>Abbre&amp;chen</translation>
    </message>
    <message>
        <source>End the calibration; what it has finished is kept</source>
        <translation>Die Kalibrierung beenden; was fertig ist, bleibt</translation>
    </message>
    <message>
        <source>&amp;Kill</source>
        <translation>&amp;Töten</translation>
    </message>
    <message>
        <source>End the worker at once, without waiting for it</source>
        <translation>Den Worker sofort beenden, ohne auf ihn zu warten</translation>
    </message>
    <message>
        <source>Convergence</source>
        <translation>Konvergenz</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>change of the basis</source>
        <translation>Änderung der Basis</translation>
    </message>
    <message>
        <source>Effective rank of the keys</source>
        <translation>Effektiver Rang der Schlüssel</translation>
    </message>
    <message>
        <source>largest change</source>
        <translation>größte Änderung</translation>
    </message>
    <message>
        <source>The job runs in a process of its own; the window stays usable</source>
        <translation>Der Auftrag läuft in einem eigenen Prozess; das Fenster bleibt benutzbar</translation>
    </message>
    <message>
        <source>Choose a model and a text first</source>
        <translation>Zuerst ein Modell und einen Text wählen</translation>
    </message>
    <message>
        <source>Calibration %1: %2</source>
        <comment>job&apos;s number, state</comment>
        <translation>Kalibrierung %1: %2</translation>
    </message>
    <message>
        <source>The latest calibration: run %1 of %2</source>
        <translation>Die letzte Kalibrierung: Lauf %1 von %2</translation>
    </message>
    <message>
        <source>%1 tokens of %2 in %3</source>
        <translation>%1 Token von %2 in %3</translation>
    </message>
    <message>
        <source>an unknown text</source>
        <translation>ein unbekannter Text</translation>
    </message>
    <message>
        <source>No calibration yet</source>
        <translation>Noch keine Kalibrierung</translation>
    </message>
    <message>
        <source>Choose a model and a text at the left and start; curve and spectra appear here.</source>
        <translation>Links ein Modell und einen Text wählen und starten; Kurve und Spektren erscheinen hier.</translation>
    </message>
    <message>
        <source>effective rank</source>
        <translation>effektiver Rang</translation>
    </message>
    <message>
        <source>Calibrate</source>
        <translation>Kalibrieren</translation>
    </message>
    <message>
        <source>&amp;Model</source>
        <translation>&amp;Modell</translation>
    </message>
    <message>
        <source>&amp;Window</source>
        <translation>&amp;Fenster</translation>
    </message>
    <message>
        <source>S&amp;inks</source>
        <translation>S&amp;enken</translation>
    </message>
    <message>
        <source>Show the spe&amp;ctra</source>
        <translation>Die Spektren &amp;zeigen</translation>
    </message>
    <message>
        <source>Te&amp;xt</source>
        <translation>Te&amp;xt</translation>
    </message>
    <message>
        <source>Tok&amp;ens</source>
        <translation>To&amp;ken</translation>
    </message>
</context>
<context>
    <name>kvw::Choice</name>
    <message>
        <source>calibrate</source>
        <translation>Kalibrierung</translation>
    </message>
    <message>
        <source>ppl</source>
        <translation>Perplexität</translation>
    </message>
    <message>
        <source>sweep</source>
        <translation>Reihe</translation>
    </message>
    <message>
        <source>bench</source>
        <translation>Geschwindigkeit</translation>
    </message>
    <message>
        <source>generate</source>
        <translation>Texterzeugung</translation>
    </message>
    <message>
        <source>import</source>
        <translation>Einlesen</translation>
    </message>
    <message>
        <source>running</source>
        <translation>läuft</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>gemessen</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>nicht gemessen</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>unterbrochen</translation>
    </message>
    <message>
        <source>unsupported</source>
        <translation>nicht möglich</translation>
    </message>
    <message>
        <source>estimated</source>
        <translation>geschätzt</translation>
    </message>
    <message>
        <source>queued</source>
        <translation>eingereiht</translation>
    </message>
    <message>
        <source>succeeded</source>
        <translation>gelungen</translation>
    </message>
    <message>
        <source>all</source>
        <translation>alle</translation>
    </message>
    <message>
        <source>after sinks</source>
        <translation>nach den Senken</translation>
    </message>
    <message>
        <source>uniform</source>
        <translation>gleich</translation>
    </message>
    <message>
        <source>attention</source>
        <translation>Aufmerksamkeit</translation>
    </message>
</context>
<context>
    <name>kvw::Commands</name>
    <message>
        <source>Nothing is selected that could be copied.</source>
        <translation>Es ist nichts ausgewählt, das kopiert werden könnte.</translation>
    </message>
    <message>
        <source>Nothing to copy has the focus: click into a table, a plot or a text first.</source>
        <translation>Hier gibt es nichts zu kopieren: Klicken Sie zuerst in eine Tabelle, ein Diagramm oder einen Text.</translation>
    </message>
    <message>
        <source>The table that has the focus has no rows yet.</source>
        <translation>Diese Tabelle hat noch keine Zeilen.</translation>
    </message>
    <message>
        <source>No table has the focus: click into a table or a plot first.</source>
        <translation>Hier gibt es keine Tabelle: Klicken Sie zuerst in eine Tabelle oder ein Diagramm.</translation>
    </message>
    <message>
        <source>There is nothing yet to select where the focus is.</source>
        <translation>Hier gibt es noch nichts auszuwählen.</translation>
    </message>
    <message>
        <source>Nothing can be selected where the focus is: click into a table or a text first.</source>
        <translation>Hier lässt sich nicht alles auswählen: Klicken Sie zuerst in eine Tabelle oder einen Text.</translation>
    </message>
    <message>
        <source>No run and no head is selected.</source>
        <translation>Es ist weder ein Lauf noch ein Kopf ausgewählt.</translation>
    </message>
    <message>
        <source>This page has no filter.</source>
        <translation>Diese Seite hat keinen Filter.</translation>
    </message>
    <message>
        <source>The project file was read again.</source>
        <translation>Die Projektdatei wurde neu gelesen.</translation>
    </message>
    <message>
        <source>Save the layout</source>
        <translation>Die Anordnung speichern</translation>
    </message>
    <message>
        <source>Name of the layout:</source>
        <translation>Name der Anordnung:</translation>
    </message>
    <message>
        <source>Docks and window are as they were at first.</source>
        <translation>Docks und Fenster sind wieder wie am Anfang.</translation>
    </message>
    <message>
        <source>A new calibration is set up and started on this page.</source>
        <translation>Auf dieser Seite wird eine neue Kalibrierung eingerichtet und gestartet.</translation>
    </message>
</context>
<context>
    <name>kvw::ComparePage</name>
    <message>
        <source>Runs to compare</source>
        <translation>Läufe zum Vergleichen</translation>
    </message>
    <message>
        <source>Baseline</source>
        <translation>Bezug</translation>
    </message>
    <message>
        <source>S&amp;wap</source>
        <translation>&amp;Tauschen</translation>
    </message>
    <message>
        <source>The next run becomes the baseline</source>
        <translation>Der nächste Lauf wird der Bezug</translation>
    </message>
    <message>
        <source>&amp;Baseline</source>
        <translation>&amp;Bezug</translation>
    </message>
    <message>
        <source>Compare &amp;anyway</source>
        <translation>&amp;Trotzdem vergleichen</translation>
    </message>
    <message>
        <source>Pick two runs or more in the table above (Ctrl+click, or Ctrl+Space).</source>
        <translation>In der Tabelle oben zwei oder mehr Läufe auswählen (Strg+Klick oder Strg+Leertaste).</translation>
    </message>
    <message>
        <source>Figures of the runs</source>
        <translation>Zahlen der Läufe</translation>
    </message>
    <message>
        <source>Figures</source>
        <translation>Zahlen</translation>
    </message>
    <message>
        <source>Settings of the runs</source>
        <translation>Einstellungen der Läufe</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Keys before the rotary embedding</source>
        <translation>Schlüssel vor der Drehung (RoPE)</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Schlüssel</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>Werte</translation>
    </message>
    <message>
        <source>Query-key product</source>
        <translation>Anfrage-Schlüssel-Produkt</translation>
    </message>
    <message>
        <source>Spectra</source>
        <translation>Spektren</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Geschwindigkeit</translation>
    </message>
    <message>
        <source>Energy of %1</source>
        <translation>Energie von %1</translation>
    </message>
    <message>
        <source>Mean over all layers and heads</source>
        <translation>Mittel über alle Schichten und Köpfe</translation>
    </message>
    <message>
        <source>Mean over the picked heads</source>
        <translation>Mittel über die ausgewählten Köpfe</translation>
    </message>
    <message>
        <source>%1, batch %2 (run %3)</source>
        <translation>%1, Stapel %2 (Lauf %3)</translation>
    </message>
    <message>
        <source>Speed of decoding</source>
        <translation>Geschwindigkeit des Dekodierens</translation>
    </message>
    <message>
        <source>There is nothing to set side by side: this project has fewer than two measured runs.</source>
        <translation>Es gibt nichts nebeneinanderzustellen: Dieses Projekt hat weniger als zwei gemessene Läufe.</translation>
    </message>
    <message>
        <source>Measure quality…</source>
        <translation>Qualität messen…</translation>
    </message>
    <message>
        <source>Comparison: figures</source>
        <translation>Vergleich: Zahlen</translation>
    </message>
    <message>
        <source>Comparison: settings</source>
        <translation>Vergleich: Einstellungen</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
</context>
<context>
    <name>kvw::ConfigurationEdit</name>
    <message>
        <source>Configurations, one a line</source>
        <translation>Konfigurationen, eine je Zeile</translation>
    </message>
    <message>
        <source>Line %1: %2</source>
        <translation>Zeile %1: %2</translation>
    </message>
</context>
<context>
    <name>kvw::ConvergencePlot</name>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Change of the basis</source>
        <translation>Änderung der Basis</translation>
    </message>
    <message>
        <source>Curve</source>
        <translation>Kurve</translation>
    </message>
</context>
<context>
    <name>kvw::EngineFields</name>
    <message>
        <source>automatic</source>
        <translation>automatisch</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>Typ</translation>
    </message>
    <message>
        <source>What the model computes in. Automatic: the faster of both on this machine, as the engine measures it; the run says which one it was.</source>
        <translation>Worin das Modell rechnet. Automatisch: der schnellere von beiden auf dieser Maschine, wie ihn die Rechenmaschine misst; der Lauf sagt, welcher es war.</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Where the model runs</source>
        <translation>Wo das Modell läuft</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>Threads</translation>
    </message>
    <message>
        <source>Threads of the engine</source>
        <translation>Threads der Rechenmaschine</translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation>Kalibrierung</translation>
    </message>
    <message>
        <source>Where the bases come from, for configurations that need them</source>
        <translation>Woher die Basen kommen, für Konfigurationen, die welche brauchen</translation>
    </message>
    <message>
        <source>newest of this model</source>
        <translation>neueste dieses Modells</translation>
    </message>
    <message>
        <source>T&amp;ype</source>
        <translation>T&amp;yp</translation>
    </message>
    <message>
        <source>&amp;Device</source>
        <translation>&amp;Gerät</translation>
    </message>
    <message>
        <source>T&amp;hreads</source>
        <translation>T&amp;hreads</translation>
    </message>
    <message>
        <source>Cali&amp;bration</source>
        <translation>Kali&amp;brierung</translation>
    </message>
    <message>
        <source>the only core</source>
        <translation>der einzige Kern</translation>
    </message>
    <message>
        <source>%1 of %2 cores</source>
        <translation>%1 von %2 Kernen</translation>
    </message>
    <message>
        <source>automatic: %1 of %2 cores, one is left for the window</source>
        <translation>automatisch: %1 von %2 Kernen, einer bleibt für das Fenster</translation>
    </message>
    <message>
        <source>automatic: the only core</source>
        <translation>automatisch: der einzige Kern</translation>
    </message>
    <message>
        <source>automatic: both cores</source>
        <translation>automatisch: beide Kerne</translation>
    </message>
    <message>
        <source>none of this model yet</source>
        <translation>noch keine dieses Modells</translation>
    </message>
    <message>
        <source>run %1</source>
        <translation>Lauf %1</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 Token</translation>
    </message>
</context>
<context>
    <name>kvw::FigureDialog</name>
    <message>
        <source>Export figure</source>
        <translation>Abbildung exportieren</translation>
    </message>
    <message>
        <source>&amp;Format</source>
        <translation>&amp;Format</translation>
    </message>
    <message>
        <source>&amp;Width</source>
        <translation>&amp;Breite</translation>
    </message>
    <message>
        <source> mm</source>
        <translation> mm</translation>
    </message>
    <message>
        <source>&amp;Height</source>
        <translation>&amp;Höhe</translation>
    </message>
    <message>
        <source>Size of &amp;text</source>
        <translation>&amp;Schriftgröße</translation>
    </message>
    <message>
        <source> pt</source>
        <translation> pt</translation>
    </message>
    <message>
        <source>&amp;Pixels for 1/96 inch</source>
        <translation>&amp;Bildpunkte je 1/96 Zoll</translation>
    </message>
    <message>
        <source>Save &amp;as…</source>
        <translation>Speichern &amp;unter…</translation>
    </message>
    <message>
        <source>SVG, a drawing for the web and editors</source>
        <translation>SVG, eine Zeichnung fürs Netz und für Editoren</translation>
    </message>
    <message>
        <source>PDF, a drawing for papers</source>
        <translation>PDF, eine Zeichnung für Aufsätze</translation>
    </message>
    <message>
        <source>PNG, a picture</source>
        <translation>PNG, ein Bild</translation>
    </message>
    <message>
        <source>CSV, the data as numbers</source>
        <translation>CSV, die Daten als Zahlen</translation>
    </message>
</context>
<context>
    <name>kvw::FigureModel</name>
    <message>
        <source>Run %1 · %2</source>
        <translation>Lauf %1 · %2</translation>
    </message>
    <message>
        <source>As it was measured; in brackets the 95 % interval, or the 10th and 90th percentile of rounds</source>
        <translation>Wie gemessen; in Klammern das 95-%-Intervall, oder das 10. und 90. Perzentil der Runden</translation>
    </message>
    <message>
        <source>Difference from the baseline with its 95 % interval, paired by windows of text</source>
        <translation>Unterschied zum Bezug mit seinem 95-%-Intervall, gepaart nach Textfenstern</translation>
    </message>
    <message>
        <source>Difference from the baseline with the 10th and 90th percentile, paired by rounds</source>
        <translation>Unterschied zum Bezug mit dem 10. und 90. Perzentil, gepaart nach Runden</translation>
    </message>
    <message>
        <source>Difference from the baseline; nothing pairs these runs, so there is no interval</source>
        <translation>Unterschied zum Bezug; nichts paart diese Läufe, also gibt es kein Intervall</translation>
    </message>
    <message>
        <source>Figure</source>
        <translation>Zahl</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>Unterschied</translation>
    </message>
    <message>
        <source>%1 (baseline)</source>
        <translation>%1 (Bezug)</translation>
    </message>
</context>
<context>
    <name>kvw::GeneratePage</name>
    <message>
        <source>Earlier texts</source>
        <translation>Frühere Texte</translation>
    </message>
    <message>
        <source>What the model answers without compression and under each configuration appears here side by side while it is written.</source>
        <translation>Was das Modell ohne Kompression und unter jeder Konfiguration antwortet, erscheint hier nebeneinander, während es geschrieben wird.</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>Eingabe</translation>
    </message>
    <message>
        <source>Why is the sky blue?</source>
        <translation>Warum ist der Himmel blau?</translation>
    </message>
    <message>
        <source>0: always the likeliest token</source>
        <translation>0: immer das wahrscheinlichste Token</translation>
    </message>
    <message>
        <source>Without the chat &amp;template</source>
        <translation>Ohne die Gesprächs&amp;vorlage</translation>
    </message>
    <message>
        <source>&amp;Generate</source>
        <translation>&amp;Erzeugen</translation>
    </message>
    <message>
        <source>&amp;Prompt</source>
        <translation>E&amp;ingabe</translation>
    </message>
    <message>
        <source>&amp;Configurations</source>
        <translation>&amp;Konfigurationen</translation>
    </message>
    <message>
        <source>&amp;New tokens</source>
        <translation>&amp;Neue Token</translation>
    </message>
    <message>
        <source>Te&amp;mperature</source>
        <translation>Te&amp;mperatur</translation>
    </message>
    <message>
        <source>S&amp;eed</source>
        <translation>&amp;Startwert</translation>
    </message>
    <message>
        <source>M&amp;odel</source>
        <translation>M&amp;odell</translation>
    </message>
    <message>
        <source>The project is open for reading only.</source>
        <translation>Das Projekt ist nur zum Lesen geöffnet.</translation>
    </message>
    <message>
        <source>The project knows no model yet: calibrate one first.</source>
        <translation>Das Projekt kennt noch kein Modell: zuerst eines kalibrieren.</translation>
    </message>
    <message>
        <source>A prompt is missing.</source>
        <translation>Es fehlt eine Eingabe.</translation>
    </message>
    <message>
        <source>A configuration cannot be read.</source>
        <translation>Eine Konfiguration kann nicht gelesen werden.</translation>
    </message>
    <message>
        <source>Waiting for the worker…</source>
        <translation>Warten auf den Worker…</translation>
    </message>
    <message>
        <source>Writing with %1</source>
        <translation>Schreiben mit %1</translation>
    </message>
    <message>
        <source>Stopped. What was finished is in the project.</source>
        <translation>Angehalten. Was fertig war, steht im Projekt.</translation>
    </message>
    <message>
        <source>first differs at token %1</source>
        <translation>weicht zuerst bei Token %1 ab</translation>
    </message>
    <message>
        <source>the same tokens as without compression</source>
        <translation>dieselben Token wie ohne Kompression</translation>
    </message>
    <message>
        <source>%1 % equal</source>
        <translation>%1 % gleich</translation>
    </message>
    <message>
        <source>KL %1 nats</source>
        <translation>KL %1 nat</translation>
    </message>
    <message>
        <source>tokens: %1</source>
        <translation>Token: %1</translation>
    </message>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 Token/s</translation>
    </message>
    <message>
        <source>cut at the length</source>
        <translation>an der Länge abgeschnitten</translation>
    </message>
    <message>
        <source>Run %1: %2</source>
        <translation>Lauf %1: %2</translation>
    </message>
    <message>
        <source>A text is written by a model that the project knows. Calibrate one first.</source>
        <translation>Ein Text wird von einem Modell geschrieben, das das Projekt kennt. Zuerst eines kalibrieren.</translation>
    </message>
    <message>
        <source>Calibrate…</source>
        <translation>Kalibrieren…</translation>
    </message>
    <message>
        <source>Texts for one prompt</source>
        <translation>Texte zu einer Eingabe</translation>
    </message>
    <message>
        <source>Configuration</source>
        <translation>Konfiguration</translation>
    </message>
    <message>
        <source>First difference [tokens]</source>
        <translation>Erste Abweichung [Token]</translation>
    </message>
    <message>
        <source>Equal tokens [%]</source>
        <translation>Gleiche Token [%]</translation>
    </message>
    <message>
        <source>KL mean [nats]</source>
        <translation>KL im Mittel [nat]</translation>
    </message>
    <message>
        <source>Decode [tokens/s]</source>
        <translation>Dekodieren [Token/s]</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>Generate</source>
        <translation>Erzeugen</translation>
    </message>
    <message>
        <source>Sho&amp;w</source>
        <translation>&amp;Zeigen</translation>
    </message>
    <message>
        <source>&amp;Stop</source>
        <translation>S&amp;topp</translation>
    </message>
</context>
<context>
    <name>kvw::GenerationColumn</name>
    <message>
        <source>Text of %1</source>
        <translation>Text von %1</translation>
    </message>
</context>
<context>
    <name>kvw::HeatMap</name>
    <message>
        <source>Layer</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>KV head</source>
        <translation>KV-Kopf</translation>
    </message>
    <message>
        <source>no data</source>
        <translation>keine Daten</translation>
    </message>
    <message>
        <source>Layer %1, head %2: %3</source>
        <translation>Schicht %1, Kopf %2: %3</translation>
    </message>
    <message>
        <source>Layer %1, head %2</source>
        <translation>Schicht %1, Kopf %2</translation>
    </message>
</context>
<context>
    <name>kvw::JobController</name>
    <message>
        <source>No project is open.</source>
        <translation>Kein Projekt ist geöffnet.</translation>
    </message>
    <message>
        <source>Open or make a project: a job&apos;s results need a place.</source>
        <translation>Ein Projekt öffnen oder anlegen: Die Ergebnisse eines Auftrags brauchen einen Platz.</translation>
    </message>
    <message>
        <source>This project can only be read: %1</source>
        <translation>Dieses Projekt kann nur gelesen werden: %1</translation>
    </message>
    <message>
        <source>Save a copy under another name and work there.</source>
        <translation>Unter anderem Namen eine Kopie speichern und dort arbeiten.</translation>
    </message>
    <message>
        <source>There is no job %1 any more.</source>
        <translation>Auftrag %1 gibt es nicht mehr.</translation>
    </message>
    <message>
        <source>Job %1 is not waiting any more.</source>
        <translation>Auftrag %1 wartet nicht mehr.</translation>
    </message>
    <message>
        <source>Run it again as a new job.</source>
        <translation>Ihn als neuen Auftrag noch einmal starten.</translation>
    </message>
</context>
<context>
    <name>kvw::JobEstimate</name>
    <message>
        <source>There is no earlier measurement with these settings to estimate the time from.</source>
        <translation>Es gibt keine frühere Messung mit diesen Einstellungen, aus der die Zeit zu schätzen wäre.</translation>
    </message>
    <message>
        <source>About %1</source>
        <comment>time</comment>
        <translation>Etwa %1</translation>
    </message>
    <message>
        <source>About %1 to %2</source>
        <comment>times</comment>
        <translation>Etwa %1 bis %2</translation>
    </message>
    <message>
        <source>%1, from earlier measurements of the same with these settings.</source>
        <comment>about so long</comment>
        <translation>%1, nach früheren Messungen desselben mit diesen Einstellungen.</translation>
    </message>
    <message>
        <source>At most about %1</source>
        <comment>time</comment>
        <translation>Höchstens etwa %1</translation>
    </message>
    <message>
        <source>%1: between the fastest and the slowest compressed configuration that was measured with these settings.</source>
        <comment>about so long</comment>
        <translation>%1: zwischen der schnellsten und der langsamsten komprimierten Konfiguration, die mit diesen Einstellungen gemessen wurde.</translation>
    </message>
    <message>
        <source>%1: %2 of %3 configurations as measured before with these settings, the others between the fastest and the slowest compressed one.</source>
        <comment>about so long, numbers of configurations</comment>
        <translation>%1: %2 von %3 Konfigurationen wie früher mit diesen Einstellungen gemessen, die anderen zwischen der schnellsten und der langsamsten komprimierten.</translation>
    </message>
</context>
<context>
    <name>kvw::JobListModel</name>
    <message>
        <source>not started</source>
        <translation>nicht gestartet</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Job</source>
        <translation>Auftrag</translation>
    </message>
    <message>
        <source>Of what</source>
        <translation>Wovon</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Begun</source>
        <translation>Begonnen</translation>
    </message>
    <message>
        <source>Took</source>
        <translation>Dauer</translation>
    </message>
</context>
<context>
    <name>kvw::JobPanel</name>
    <message>
        <source>Jobs of the project</source>
        <translation>Aufträge des Projekts</translation>
    </message>
    <message>
        <source>Progress of the stage</source>
        <translation>Fortschritt der Stufe</translation>
    </message>
    <message>
        <source>Log of the picked job</source>
        <translation>Protokoll des ausgewählten Auftrags</translation>
    </message>
    <message>
        <source>What a job&apos;s worker writes stands here.</source>
        <translation>Was der Worker eines Auftrags schreibt, steht hier.</translation>
    </message>
    <message>
        <source>&amp;Start</source>
        <translation>&amp;Starten</translation>
    </message>
    <message>
        <source>Start a job that an earlier session left waiting</source>
        <translation>Einen Auftrag starten, den eine frühere Sitzung warten ließ</translation>
    </message>
    <message>
        <source>Ca&amp;ncel</source>
        <translation>Abbre&amp;chen</translation>
    </message>
    <message>
        <source>End the job; what it has finished is kept</source>
        <translation>Den Auftrag beenden; was fertig ist, bleibt</translation>
    </message>
    <message>
        <source>&amp;Kill</source>
        <translation>&amp;Töten</translation>
    </message>
    <message>
        <source>End the worker at once, without waiting for it</source>
        <translation>Den Worker sofort beenden, ohne auf ihn zu warten</translation>
    </message>
    <message>
        <source>&amp;Run again</source>
        <translation>&amp;Noch einmal</translation>
    </message>
    <message>
        <source>Start a new job with the same settings</source>
        <translation>Einen neuen Auftrag mit denselben Einstellungen starten</translation>
    </message>
    <message>
        <source>No job is picked.</source>
        <translation>Kein Auftrag ist ausgewählt.</translation>
    </message>
    <message>
        <source>Job %1, %2: %3</source>
        <comment>number, kind, state</comment>
        <translation>Auftrag %1, %2: %3</translation>
    </message>
    <message>
        <source>Run again with…</source>
        <translation>Noch einmal mit…</translation>
    </message>
    <message>
        <source>Start a new job with the same settings, but computed in another way</source>
        <translation>Einen neuen Auftrag mit denselben Einstellungen starten, aber anders gerechnet</translation>
    </message>
</context>
<context>
    <name>kvw::JobText</name>
    <message>
        <source>Calibration</source>
        <translation>Kalibrierung</translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation>Perplexität</translation>
    </message>
    <message>
        <source>Sweep</source>
        <translation>Reihe</translation>
    </message>
    <message>
        <source>Speed and memory</source>
        <translation>Geschwindigkeit und Speicher</translation>
    </message>
    <message>
        <source>Generation</source>
        <translation>Texterzeugung</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>Einlesen</translation>
    </message>
    <message>
        <source>waiting</source>
        <comment>a job</comment>
        <translation>wartet</translation>
    </message>
    <message>
        <source>running</source>
        <comment>a job</comment>
        <translation>läuft</translation>
    </message>
    <message>
        <source>done</source>
        <comment>a job</comment>
        <translation>fertig</translation>
    </message>
    <message>
        <source>failed</source>
        <comment>a job</comment>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>cancelled</source>
        <comment>a job</comment>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <source>interrupted</source>
        <comment>a job</comment>
        <translation>unterbrochen</translation>
    </message>
    <message>
        <source>starting</source>
        <comment>a job</comment>
        <translation>startet</translation>
    </message>
    <message>
        <source>not responding</source>
        <comment>a job</comment>
        <translation>antwortet nicht</translation>
    </message>
    <message>
        <source>cancelling</source>
        <comment>a job</comment>
        <translation>bricht ab</translation>
    </message>
    <message>
        <source>ending</source>
        <comment>a job</comment>
        <translation>endet</translation>
    </message>
    <message>
        <source>Stage %1 of %2: %3</source>
        <translation>Stufe %1 von %2: %3</translation>
    </message>
    <message>
        <source>%1 of %2 %3</source>
        <comment>done, total, unit</comment>
        <translation>%1 von %2 %3</translation>
    </message>
    <message>
        <source>%1 %2/s</source>
        <comment>speed, unit</comment>
        <translation>%1 %2/s</translation>
    </message>
    <message>
        <source>%1 left</source>
        <comment>time</comment>
        <translation>noch %1</translation>
    </message>
    <message>
        <source>%1 on %2</source>
        <comment>model, text</comment>
        <translation>%1 an %2</translation>
    </message>
    <message>
        <source>opening the model and the text</source>
        <translation>Öffnen von Modell und Text</translation>
    </message>
    <message>
        <source>opening the model</source>
        <translation>Öffnen des Modells</translation>
    </message>
    <message>
        <source>calibrating</source>
        <translation>Kalibrieren</translation>
    </message>
    <message>
        <source>spectra</source>
        <translation>Spektren</translation>
    </message>
    <message>
        <source>reading the file</source>
        <translation>Lesen der Datei</translation>
    </message>
    <message>
        <source>memory bandwidth</source>
        <translation>Bandbreite des Speichers</translation>
    </message>
    <message>
        <source>the uncompressed cache</source>
        <translation>der unkomprimierte Cache</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>rounds</source>
        <translation>Runden</translation>
    </message>
    <message>
        <source>layers</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>windows</source>
        <translation>Fenster</translation>
    </message>
    <message numerus="yes">
        <source>%n configuration(s)</source>
        <translation>
            <numerusform>%n Konfiguration</numerusform>
            <numerusform>%n Konfigurationen</numerusform>
        </translation>
    </message>
    <message>
        <source>s</source>
        <comment>seconds</comment>
        <translation>s</translation>
    </message>
    <message>
        <source>min</source>
        <comment>minutes</comment>
        <translation>min</translation>
    </message>
    <message>
        <source>h</source>
        <comment>hours</comment>
        <translation>h</translation>
    </message>
    <message>
        <source>d</source>
        <comment>days</comment>
        <translation>d</translation>
    </message>
</context>
<context>
    <name>kvw::LegendTable</name>
    <message>
        <source>Legend</source>
        <translation>Legende</translation>
    </message>
    <message>
        <source>Series</source>
        <translation>Reihe</translation>
    </message>
    <message>
        <source>At the cursor</source>
        <translation>Am Zeiger</translation>
    </message>
</context>
<context>
    <name>kvw::MainWindow</name>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>Aufträge</translation>
    </message>
    <message>
        <source>Selection</source>
        <translation>Auswahl</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Jobs</source>
        <translation>A&amp;ufträge</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>&amp;Zuletzt geöffnet</translation>
    </message>
    <message>
        <source>&amp;Layouts</source>
        <translation>&amp;Anordnungen</translation>
    </message>
    <message>
        <source>&amp;Appearance</source>
        <translation>&amp;Erscheinungsbild</translation>
    </message>
    <message>
        <source>As the &amp;desktop</source>
        <translation>Wie der &amp;Schreibtisch</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>&amp;Hell</translation>
    </message>
    <message>
        <source>D&amp;ark</source>
        <translation>&amp;Dunkel</translation>
    </message>
    <message>
        <source>Progress of the running job</source>
        <translation>Fortschritt des laufenden Auftrags</translation>
    </message>
    <message>
        <source>Show the log</source>
        <translation>Das Protokoll zeigen</translation>
    </message>
    <message>
        <source>KV Workbench</source>
        <translation>KV Workbench</translation>
    </message>
    <message>
        <source>No project</source>
        <translation>Kein Projekt</translation>
    </message>
    <message>
        <source>%1 (read only)</source>
        <translation>%1 (nur zum Lesen)</translation>
    </message>
    <message>
        <source>%1, %2 left</source>
        <comment>stage, time</comment>
        <translation>%1, noch %2</translation>
    </message>
    <message>
        <source>&amp;Clear the list</source>
        <translation>Die Liste &amp;leeren</translation>
    </message>
    <message>
        <source>&amp;Use</source>
        <translation>&amp;Benutzen</translation>
    </message>
    <message>
        <source>&amp;Remove</source>
        <translation>&amp;Entfernen</translation>
    </message>
</context>
<context>
    <name>kvw::ManualDialog</name>
    <message>
        <source>Keys</source>
        <translation>Schlüssel</translation>
    </message>
    <message>
        <source>What it does</source>
        <translation>Was es tut</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>Wo</translation>
    </message>
    <message>
        <source>Manual</source>
        <translation>Handbuch</translation>
    </message>
</context>
<context>
    <name>kvw::MessageBar</name>
    <message>
        <source>Information</source>
        <translation>Hinweis</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Take this message away</source>
        <translation>Diese Meldung wegnehmen</translation>
    </message>
</context>
<context>
    <name>kvw::ModelBox</name>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
</context>
<context>
    <name>kvw::ModelFacts</name>
    <message>
        <source>No model is chosen.</source>
        <translation>Kein Modell ist gewählt.</translation>
    </message>
    <message>
        <source>Choose a folder with config.json, model.safetensors and tokenizer.json.</source>
        <translation>Einen Ordner mit config.json, model.safetensors und tokenizer.json wählen.</translation>
    </message>
    <message>
        <source>%1: there is no such folder.</source>
        <translation>%1: Diesen Ordner gibt es nicht.</translation>
    </message>
    <message>
        <source>%1: tokenizer.json is missing.</source>
        <translation>%1: tokenizer.json fehlt.</translation>
    </message>
    <message>
        <source>Take it from where the model came from.</source>
        <translation>Es von dort nehmen, woher das Modell kam.</translation>
    </message>
    <message>
        <source>No text is chosen.</source>
        <translation>Kein Text ist gewählt.</translation>
    </message>
    <message>
        <source>Choose a file of UTF-8 text, or JSON lines with a field &quot;text&quot;.</source>
        <translation>Eine Datei mit UTF-8-Text wählen, oder JSON-Zeilen mit einem Feld „text“.</translation>
    </message>
    <message>
        <source>%1: there is no such file.</source>
        <translation>%1: Diese Datei gibt es nicht.</translation>
    </message>
    <message>
        <source>Look at the spelling, or choose another one.</source>
        <translation>Die Schreibweise prüfen, oder etwas anderes wählen.</translation>
    </message>
    <message>
        <source>%1 is a folder, and a text is wanted.</source>
        <translation>%1 ist ein Ordner, gebraucht wird ein Text.</translation>
    </message>
    <message>
        <source>Choose a file in it.</source>
        <translation>Eine Datei darin wählen.</translation>
    </message>
    <message>
        <source>%1 may not be read.</source>
        <translation>%1 darf nicht gelesen werden.</translation>
    </message>
    <message>
        <source>Ask its owner, or choose another one.</source>
        <translation>Den Besitzer fragen, oder etwas anderes wählen.</translation>
    </message>
    <message>
        <source>%1 is empty.</source>
        <translation>%1 ist leer.</translation>
    </message>
    <message>
        <source>Choose another one.</source>
        <translation>Etwas anderes wählen.</translation>
    </message>
</context>
<context>
    <name>kvw::NotePanel</name>
    <message>
        <source>&amp;Save note</source>
        <translation>Notiz &amp;speichern</translation>
    </message>
    <message>
        <source>&amp;New note</source>
        <translation>&amp;Neue Notiz</translation>
    </message>
    <message>
        <source>&amp;Delete</source>
        <translation>&amp;Löschen</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>What the note is about</source>
        <translation>Worum es in der Notiz geht</translation>
    </message>
    <message>
        <source>Text of the note</source>
        <translation>Text der Notiz</translation>
    </message>
    <message>
        <source>What should be remembered?</source>
        <translation>Was soll man sich merken?</translation>
    </message>
    <message>
        <source>A&amp;bout</source>
        <translation>&amp;Zu</translation>
    </message>
    <message>
        <source>The project</source>
        <translation>Das Projekt</translation>
    </message>
    <message>
        <source>&amp;Add note</source>
        <translation>Notiz &amp;hinzufügen</translation>
    </message>
</context>
<context>
    <name>kvw::Page</name>
    <message>
        <source>No project is open. A project is one file (*.kvw) that keeps what was measured.</source>
        <translation>Kein Projekt ist geöffnet. Ein Projekt ist eine Datei (*.kvw), die alles Gemessene aufbewahrt.</translation>
    </message>
    <message>
        <source>Open a project…</source>
        <translation>Ein Projekt öffnen…</translation>
    </message>
    <message>
        <source>The folder %1 cannot be made.</source>
        <translation>Der Ordner %1 kann nicht angelegt werden.</translation>
    </message>
    <message>
        <source>Choose a place that you may write to.</source>
        <translation>Einen Ort wählen, an den geschrieben werden darf.</translation>
    </message>
</context>
<context>
    <name>kvw::PathPicker</name>
    <message>
        <source>Model folder</source>
        <translation>Modellordner</translation>
    </message>
    <message>
        <source>Text file</source>
        <translation>Textdatei</translation>
    </message>
    <message>
        <source>Folder with config.json, model.safetensors, tokenizer.json</source>
        <translation>Ordner mit config.json, model.safetensors, tokenizer.json</translation>
    </message>
    <message>
        <source>UTF-8 text, or JSON lines with a field &quot;text&quot;</source>
        <translation>UTF-8-Text, oder JSON-Zeilen mit einem Feld „text“</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Wählen…</translation>
    </message>
    <message>
        <source>Choose a model folder</source>
        <translation>Einen Modellordner wählen</translation>
    </message>
    <message>
        <source>Choose a text file</source>
        <translation>Eine Textdatei wählen</translation>
    </message>
    <message>
        <source>Texts (*.txt *.raw *.md *.jsonl *.ndjson *.json);;All files (*)</source>
        <translation>Texte (*.txt *.raw *.md *.jsonl *.ndjson *.json);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>%1, some %2 tokens</source>
        <translation>%1, etwa %2 Token</translation>
    </message>
    <message>
        <source>%1 family · %2 layers, %3 query and %4 key/value heads of %5 · %6 million parameters, %7 of weights
Needs about %8 of memory, and %9 for each 1,000 tokens of uncompressed cache.</source>
        <translation>%1-Familie · %2 Schichten, %3 Anfrage- und %4 Schlüssel-Wert-Köpfe zu %5 · %6 Millionen Parameter, %7 Gewichte
Braucht etwa %8 Speicher, und %9 für je 1.000 Token unkomprimierten Cache.</translation>
    </message>
</context>
<context>
    <name>kvw::PlotFigure</name>
    <message>
        <source>A figure of %1 mm × %2 mm cannot be drawn: 20 mm to 2000 mm were wanted.</source>
        <translation>Eine Abbildung von %1 mm × %2 mm kann nicht gezeichnet werden: gebraucht werden 20 mm bis 2000 mm.</translation>
    </message>
    <message>
        <source>Text of %1 points cannot be drawn: 4 to 40 were wanted.</source>
        <translation>Schrift von %1 Punkt kann nicht gezeichnet werden: gebraucht werden 4 bis 40.</translation>
    </message>
    <message>
        <source>A PNG of %1 × %2 pixels is too large.</source>
        <translation>Ein PNG von %1 × %2 Bildpunkten ist zu groß.</translation>
    </message>
    <message>
        <source>Choose a smaller scale, or SVG.</source>
        <translation>Einen kleineren Maßstab wählen, oder SVG.</translation>
    </message>
    <message>
        <source>The PNG could not be made.</source>
        <translation>Das PNG konnte nicht gemacht werden.</translation>
    </message>
</context>
<context>
    <name>kvw::PlotTableModel</name>
    <message>
        <source>&amp;Copy all</source>
        <translation>Alles &amp;kopieren</translation>
    </message>
</context>
<context>
    <name>kvw::PlotView</name>
    <message numerus="yes">
        <source>%n value(s) at or below the floor of %1</source>
        <translation>
            <numerusform>%n Wert an oder unter der Grenze von %1</numerusform>
            <numerusform>%n Werte an oder unter der Grenze von %1</numerusform>
        </translation>
    </message>
    <message>
        <source>Logarithmic &amp;x axis</source>
        <translation>Logarithmische &amp;x-Achse</translation>
    </message>
    <message>
        <source>Logarithmic &amp;y axis</source>
        <translation>Logarithmische &amp;y-Achse</translation>
    </message>
    <message>
        <source>Show &amp;everything</source>
        <translation>&amp;Alles zeigen</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>Show as &amp;table…</source>
        <translation>Als &amp;Tabelle zeigen…</translation>
    </message>
    <message>
        <source>E&amp;xport…</source>
        <translation>E&amp;xportieren…</translation>
    </message>
</context>
<context>
    <name>kvw::ProjectController</name>
    <message>
        <source>A job is running</source>
        <translation>Ein Auftrag läuft</translation>
    </message>
    <message>
        <source>A job of this project is running. What it has finished is kept when it ends now.</source>
        <translation>Ein Auftrag dieses Projekts läuft. Was fertig ist, bleibt, wenn er jetzt endet.</translation>
    </message>
    <message>
        <source>End the job</source>
        <translation>Den Auftrag beenden</translation>
    </message>
    <message>
        <source>Keep the project open</source>
        <translation>Das Projekt offen lassen</translation>
    </message>
    <message>
        <source>%1: there is no such file.</source>
        <translation>%1: Diese Datei gibt es nicht.</translation>
    </message>
    <message>
        <source>Look at the spelling, or make a new project.</source>
        <translation>Die Schreibweise prüfen, oder ein neues Projekt anlegen.</translation>
    </message>
    <message>
        <source>Nothing can be measured into it; save a copy to go on.</source>
        <translation>Nichts kann hinein gemessen werden; eine Kopie speichern, um weiterzumachen.</translation>
    </message>
    <message>
        <source>Save a copy…</source>
        <translation>Eine Kopie speichern…</translation>
    </message>
    <message>
        <source>This project is open in another window too.</source>
        <translation>Dieses Projekt ist auch in einem anderen Fenster geöffnet.</translation>
    </message>
    <message>
        <source>Both show what either measures. A job that runs there is not in this window&apos;s hands.</source>
        <translation>Beide zeigen, was eines misst. Ein Auftrag, der dort läuft, ist nicht in der Hand dieses Fensters.</translation>
    </message>
    <message>
        <source>Open a project</source>
        <translation>Ein Projekt öffnen</translation>
    </message>
    <message>
        <source>Projects (*.kvw);;All files (*)</source>
        <translation>Projekte (*.kvw);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Make a project</source>
        <translation>Ein Projekt anlegen</translation>
    </message>
    <message>
        <source>measurements</source>
        <comment>file name</comment>
        <translation>Messungen</translation>
    </message>
    <message>
        <source>Projects (*.kvw)</source>
        <translation>Projekte (*.kvw)</translation>
    </message>
    <message>
        <source>%1 is there already; a new project never takes the place of another file.</source>
        <translation>%1 gibt es schon; ein neues Projekt tritt nie an die Stelle einer anderen Datei.</translation>
    </message>
    <message>
        <source>Choose another name, or open it.</source>
        <translation>Einen anderen Namen wählen, oder es öffnen.</translation>
    </message>
    <message>
        <source>The example project is not there.</source>
        <translation>Das Beispielprojekt ist nicht da.</translation>
    </message>
    <message>
        <source>scripts/start makes it from the sample model in a few minutes.</source>
        <translation>scripts/start macht es in ein paar Minuten aus dem Beispielmodell.</translation>
    </message>
    <message>
        <source>Save a copy</source>
        <translation>Eine Kopie speichern</translation>
    </message>
    <message>
        <source>A folder for figures and tables</source>
        <translation>Ein Ordner für Abbildungen und Tabellen</translation>
    </message>
    <message>
        <source>This page has nothing to export yet.</source>
        <translation>Diese Seite hat noch nichts zu exportieren.</translation>
    </message>
    <message numerus="yes">
        <source>%n file(s) written to %1.</source>
        <translation>
            <numerusform>%n Datei nach %1 geschrieben.</numerusform>
            <numerusform>%n Dateien nach %1 geschrieben.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>kvw::QualityPage</name>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>Sweeps and measurements that are drawn</source>
        <translation>Reihen und Messungen, die gezeichnet werden</translation>
    </message>
    <message>
        <source>&amp;New sweep…</source>
        <translation>&amp;Neue Reihe…</translation>
    </message>
    <message>
        <source>Many configurations measured on one text</source>
        <translation>Viele Konfigurationen, gemessen an einem Text</translation>
    </message>
    <message>
        <source>Horizontal axis</source>
        <translation>Waagerechte Achse</translation>
    </message>
    <message>
        <source>Vertical axis</source>
        <translation>Senkrechte Achse</translation>
    </message>
    <message>
        <source>Rank and bits against quality</source>
        <translation>Rang und Bits gegen Qualität</translation>
    </message>
    <message>
        <source>This project has measured no quality yet. Calibrate a model first; then a sweep measures what compression costs.</source>
        <translation>Dieses Projekt hat noch keine Qualität gemessen. Zuerst ein Modell kalibrieren; dann misst eine Reihe, was Kompression kostet.</translation>
    </message>
    <message>
        <source>Calibrate…</source>
        <translation>Kalibrieren…</translation>
    </message>
    <message>
        <source>%1, %2, %3</source>
        <translation>%1, %2, %3</translation>
    </message>
    <message>
        <source>unknown text</source>
        <translation>unbekannter Text</translation>
    </message>
    <message>
        <source>%1 of %2 on %3, protocol %4</source>
        <translation>%1 von %2 an %3, Protokoll %4</translation>
    </message>
    <message>
        <source>What compression costs</source>
        <translation>Was Kompression kostet</translation>
    </message>
    <message>
        <source>run %1 of %2, protocol %3</source>
        <translation>Lauf %1 von %2, Protokoll %3</translation>
    </message>
    <message>
        <source>%1, run %2</source>
        <translation>%1, Lauf %2</translation>
    </message>
    <message>
        <source>Meas&amp;urements</source>
        <translation>Mess&amp;ungen</translation>
    </message>
    <message>
        <source>&amp;log x</source>
        <translation>&amp;log x</translation>
    </message>
    <message>
        <source>lo&amp;g y</source>
        <translation>l&amp;og y</translation>
    </message>
    <message>
        <source>over</source>
        <translation>über</translation>
    </message>
</context>
<context>
    <name>kvw::RankQualityPlot</name>
    <message>
        <source>Change of perplexity</source>
        <translation>Änderung der Perplexität</translation>
    </message>
    <message>
        <source>KL divergence, mean (nats)</source>
        <translation>KL-Divergenz, Mittel (nat)</translation>
    </message>
    <message>
        <source>KL divergence, 99th percentile (nats)</source>
        <translation>KL-Divergenz, 99. Perzentil (nat)</translation>
    </message>
    <message>
        <source>Other first choice</source>
        <translation>Andere erste Wahl</translation>
    </message>
    <message>
        <source>Bits per value</source>
        <translation>Bits je Wert</translation>
    </message>
    <message>
        <source>Cache of a window</source>
        <translation>Cache eines Fensters</translation>
    </message>
    <message>
        <source>Rank of keys</source>
        <translation>Rang der Schlüssel</translation>
    </message>
    <message>
        <source>Rank of values</source>
        <translation>Rang der Werte</translation>
    </message>
    <message>
        <source>Bits of a key&apos;s number</source>
        <translation>Bits einer Zahl der Schlüssel</translation>
    </message>
    <message>
        <source>Bits of a value&apos;s number</source>
        <translation>Bits einer Zahl der Werte</translation>
    </message>
    <message>
        <source>Configuration</source>
        <translation>Konfiguration</translation>
    </message>
    <message>
        <source>Curve</source>
        <translation>Kurve</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Change of perplexity, low</source>
        <translation>Änderung der Perplexität, unten</translation>
    </message>
    <message>
        <source>Change of perplexity, high</source>
        <translation>Änderung der Perplexität, oben</translation>
    </message>
</context>
<context>
    <name>kvw::RecordCopy</name>
    <message>
        <source>CSV (*.csv)</source>
        <translation>CSV (*.csv)</translation>
    </message>
    <message>
        <source>JSON (*.json)</source>
        <translation>JSON (*.json)</translation>
    </message>
    <message>
        <source>JSON lines (*.jsonl)</source>
        <translation>JSON-Zeilen (*.jsonl)</translation>
    </message>
    <message>
        <source>Markdown (*.md)</source>
        <translation>Markdown (*.md)</translation>
    </message>
</context>
<context>
    <name>kvw::RecordPanel</name>
    <message>
        <source>Rows: %1</source>
        <translation>Zeilen: %1</translation>
    </message>
    <message>
        <source>Rows: %1 of %2</source>
        <translation>Zeilen: %1 von %2</translation>
    </message>
</context>
<context>
    <name>kvw::RecordTableModel</name>
    <message>
        <source>not measured</source>
        <translation>nicht gemessen</translation>
    </message>
</context>
<context>
    <name>kvw::RecordView</name>
    <message>
        <source>Export the table</source>
        <translation>Die Tabelle exportieren</translation>
    </message>
    <message>
        <source>Export table…</source>
        <translation>Tabelle exportieren…</translation>
    </message>
</context>
<context>
    <name>kvw::ReportPage</name>
    <message>
        <source>Preview of the report</source>
        <translation>Vorschau des Berichts</translation>
    </message>
    <message>
        <source>KV cache report</source>
        <translation>Bericht zum KV-Cache</translation>
    </message>
    <message>
        <source>Runs of the report</source>
        <translation>Läufe des Berichts</translation>
    </message>
    <message>
        <source>Pages of the report</source>
        <translation>Seiten des Berichts</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>&amp;Title</source>
        <translation>&amp;Titel</translation>
    </message>
    <message>
        <source>Save as &amp;HTML…</source>
        <translation>Als &amp;HTML speichern…</translation>
    </message>
    <message>
        <source>&amp;PDF…</source>
        <translation>&amp;PDF…</translation>
    </message>
    <message>
        <source>&amp;Markdown…</source>
        <translation>&amp;Markdown…</translation>
    </message>
    <message>
        <source>All runs. Pick some to have only these, with what belongs to them.</source>
        <translation>Alle Läufe. Einige auswählen, um nur diese zu haben, mit dem, was zu ihnen gehört.</translation>
    </message>
    <message>
        <source>Only what is picked (runs: %1), with what belongs to it.</source>
        <translation>Nur was ausgewählt ist (Läufe: %1), mit dem, was dazu gehört.</translation>
    </message>
    <message>
        <source> The preview has the newest %1; a file has all.</source>
        <translation> Die Vorschau hat die neuesten %1; eine Datei hat alle.</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>Den Bericht speichern</translation>
    </message>
    <message>
        <source>There is nothing to report yet: this project has no runs.</source>
        <translation>Es gibt noch nichts zu berichten: Dieses Projekt hat keine Läufe.</translation>
    </message>
    <message>
        <source>Calibrate…</source>
        <translation>Kalibrieren…</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Bericht</translation>
    </message>
</context>
<context>
    <name>kvw::ReportText</name>
    <message>
        <source>Figure %1: %2.</source>
        <translation>Abbildung %1: %2.</translation>
    </message>
    <message>
        <source>%1 has no ending that says what it should be.</source>
        <translation>%1 hat keine Endung, die sagt, was es werden soll.</translation>
    </message>
    <message>
        <source>Use .html, .pdf or .md.</source>
        <translation>.html, .pdf oder .md verwenden.</translation>
    </message>
</context>
<context>
    <name>kvw::SearchBox</name>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Search the table</source>
        <translation>Die Tabelle durchsuchen</translation>
    </message>
    <message>
        <source>Rows that have all of these words; -word: rows that do not have it</source>
        <translation>Zeilen, in denen alle diese Wörter stehen; -Wort: Zeilen, in denen es nicht steht</translation>
    </message>
</context>
<context>
    <name>kvw::SelectionPanel</name>
    <message>
        <source>&amp;Baseline</source>
        <translation>&amp;Bezug</translation>
    </message>
    <message>
        <source>&amp;Remove</source>
        <translation>&amp;Entfernen</translation>
    </message>
    <message>
        <source>C&amp;lear</source>
        <translation>&amp;Leeren</translation>
    </message>
    <message>
        <source>Picked runs</source>
        <translation>Ausgewählte Läufe</translation>
    </message>
    <message>
        <source>Compare the others with this run</source>
        <translation>Die anderen mit diesem Lauf vergleichen</translation>
    </message>
    <message>
        <source>Pick these runs no more</source>
        <translation>Diese Läufe nicht mehr auswählen</translation>
    </message>
    <message>
        <source>Pick no run and no head</source>
        <translation>Keinen Lauf und keinen Kopf auswählen</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <comment>number and kind of a run</comment>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>No head is picked.</source>
        <translation>Kein Kopf ist ausgewählt.</translation>
    </message>
    <message>
        <source>layers %1: heads %2</source>
        <translation>Schichten %1: Köpfe %2</translation>
    </message>
    <message>
        <source>Picked: %1</source>
        <translation>Ausgewählt: %1</translation>
    </message>
    <message>
        <source>Baseline of comparisons: %1</source>
        <translation>Bezug der Vergleiche: %1</translation>
    </message>
    <message>
        <source>No run is picked.</source>
        <translation>Kein Lauf ist ausgewählt.</translation>
    </message>
    <message numerus="yes">
        <source>%n picked run(s), the baseline first:</source>
        <translation>
            <numerusform>%n ausgewählter Lauf, der Bezug zuerst:</numerusform>
            <numerusform>%n ausgewählte Läufe, der Bezug zuerst:</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>kvw::SettingModel</name>
    <message>
        <source>Setting</source>
        <translation>Einstellung</translation>
    </message>
</context>
<context>
    <name>kvw::ShortcutsDialog</name>
    <message>
        <source>everywhere</source>
        <translation>überall</translation>
    </message>
    <message>
        <source>in a plot</source>
        <translation>in einer Abbildung</translation>
    </message>
    <message>
        <source>Go to a page, in the order of the list at the left</source>
        <translation>Zu einer Seite gehen, in der Reihenfolge der Liste links</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>Filter the shortcuts</source>
        <translation>Die Tastenkürzel filtern</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Schlüssel</translation>
    </message>
    <message>
        <source>What it does</source>
        <translation>Was es tut</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>Wo</translation>
    </message>
</context>
<context>
    <name>kvw::SpectraPage</name>
    <message>
        <source>Spectra of keys and values</source>
        <translation>Spektren von Schlüsseln und Werten</translation>
    </message>
    <message>
        <source>This project has no calibration yet. A calibration reads a text with a model and keeps how its queries, keys and values vary.</source>
        <translation>Dieses Projekt hat noch keine Kalibrierung. Eine Kalibrierung liest mit einem Modell einen Text und hält fest, wie seine Anfragen, Schlüssel und Werte streuen.</translation>
    </message>
    <message>
        <source>Calibrate…</source>
        <translation>Kalibrieren…</translation>
    </message>
    <message>
        <source>%1, %2, %3 tokens</source>
        <translation>%1, %2, %3 Token</translation>
    </message>
    <message>
        <source>without sinks</source>
        <translation>ohne Senken</translation>
    </message>
    <message>
        <source>all positions</source>
        <translation>alle Positionen</translation>
    </message>
    <message>
        <source>attention-weighted, without sinks</source>
        <translation>mit Aufmerksamkeit gewichtet, ohne Senken</translation>
    </message>
    <message>
        <source>attention-weighted, all positions</source>
        <translation>mit Aufmerksamkeit gewichtet, alle Positionen</translation>
    </message>
    <message>
        <source>%1, layer %2, head %3</source>
        <translation>%1, Schicht %2, Kopf %3</translation>
    </message>
    <message>
        <source>%1, run %2</source>
        <translation>%1, Lauf %2</translation>
    </message>
    <message>
        <source>%1, model %2, text %3, %4; %5</source>
        <translation>%1, Modell %2, Text %3, %4; %5</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message numerus="yes">
        <source>%n token(s)</source>
        <translation>
            <numerusform>%n Token</numerusform>
            <numerusform>%n Token</numerusform>
        </translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>%1 of %2 curves are drawn; pick fewer heads to see all.</source>
        <translation>%1 von %2 Kurven sind gezeichnet; weniger Köpfe auswählen, um alle zu sehen.</translation>
    </message>
    <message>
        <source>Picked spectra</source>
        <translation>Ausgewählte Spektren</translation>
    </message>
    <message>
        <source>spectrum</source>
        <translation>Spektrum</translation>
    </message>
    <message>
        <source>variance of component %1</source>
        <translation>Varianz der Komponente %1</translation>
    </message>
    <message>
        <source>energy of %1 components</source>
        <translation>Energie von %1 Komponenten</translation>
    </message>
    <message>
        <source>vectors</source>
        <translation>Vektoren</translation>
    </message>
    <message>
        <source>&amp;Overlay</source>
        <translation>Da&amp;rüber</translation>
    </message>
    <message>
        <source>Curves of other calibrations beside this one&apos;s</source>
        <translation>Kurven anderer Kalibrierungen neben denen dieser</translation>
    </message>
    <message>
        <source>Cali&amp;bration</source>
        <translation>Kali&amp;brierung</translation>
    </message>
    <message>
        <source>&amp;Map of</source>
        <translation>&amp;Karte von</translation>
    </message>
    <message>
        <source>o&amp;f</source>
        <translation>&amp;der</translation>
    </message>
    <message>
        <source>Variance along the principal axes</source>
        <translation>Varianz entlang der Hauptachsen</translation>
    </message>
    <message>
        <source>Cumulative energy</source>
        <translation>Summierte Energie</translation>
    </message>
    <message>
        <source>C&amp;urves</source>
        <translation>K&amp;urven</translation>
    </message>
    <message>
        <source>Which vectors&apos; spectra are drawn</source>
        <translation>Wessen Spektren gezeichnet werden</translation>
    </message>
    <message>
        <source>log &amp;x</source>
        <translation>log &amp;x</translation>
    </message>
    <message>
        <source>log &amp;y</source>
        <translation>log &amp;y</translation>
    </message>
    <message>
        <source>&amp;Right</source>
        <translation>Re&amp;chts</translation>
    </message>
    <message>
        <source>Spectra</source>
        <translation>Spektren</translation>
    </message>
    <message>
        <source>o&amp;ver</source>
        <translation>ü&amp;ber</translation>
    </message>
</context>
<context>
    <name>kvw::SpectrumIndex</name>
    <message>
        <source>keys before rotary (K pre-RoPE)</source>
        <translation>Schlüssel vor der Drehung (K vor RoPE)</translation>
    </message>
    <message>
        <source>keys after rotary (K post-RoPE)</source>
        <translation>Schlüssel nach der Drehung (K nach RoPE)</translation>
    </message>
    <message>
        <source>values (V)</source>
        <translation>Werte (V)</translation>
    </message>
    <message>
        <source>query-key product (QK)</source>
        <translation>Anfrage-Schlüssel-Produkt (QK)</translation>
    </message>
    <message>
        <source>queries before rotary (Q pre)</source>
        <translation>Anfragen vor der Drehung (Q vor)</translation>
    </message>
    <message>
        <source>queries after rotary (Q post)</source>
        <translation>Anfragen nach der Drehung (Q nach)</translation>
    </message>
    <message>
        <source>K pre</source>
        <translation>K vor</translation>
    </message>
    <message>
        <source>K</source>
        <translation>K</translation>
    </message>
    <message>
        <source>V</source>
        <translation>V</translation>
    </message>
    <message>
        <source>QK</source>
        <translation>QK</translation>
    </message>
    <message>
        <source>Q pre</source>
        <translation>Q vor</translation>
    </message>
    <message>
        <source>Q</source>
        <translation>Q</translation>
    </message>
</context>
<context>
    <name>kvw::SpectrumPlot</name>
    <message>
        <source>Variance</source>
        <translation>Varianz</translation>
    </message>
    <message>
        <source>Share of the energy</source>
        <translation>Anteil an der Energie</translation>
    </message>
    <message>
        <source>Energy of the first components</source>
        <translation>Energie der ersten Komponenten</translation>
    </message>
    <message>
        <source>Energy left out</source>
        <translation>Ausgelassene Energie</translation>
    </message>
    <message>
        <source>Component</source>
        <translation>Komponente</translation>
    </message>
    <message>
        <source>Component %1</source>
        <translation>Komponente %1</translation>
    </message>
</context>
<context>
    <name>kvw::SpeedForm</name>
    <message>
        <source>Measure</source>
        <translation>Messen</translation>
    </message>
    <message>
        <source>Tokens in the cache before the first decoded one, several with commas between</source>
        <translation>Token im Cache vor dem ersten dekodierten, mehrere durch Kommas getrennt</translation>
    </message>
    <message>
        <source>Sequences that are decoded together, several with commas between</source>
        <translation>Folgen, die zusammen dekodiert werden, mehrere durch Kommas getrennt</translation>
    </message>
    <message>
        <source>&amp;Model</source>
        <translation>&amp;Modell</translation>
    </message>
    <message>
        <source>&amp;Configurations</source>
        <translation>&amp;Konfigurationen</translation>
    </message>
    <message>
        <source>&amp;Rounds</source>
        <translation>&amp;Runden</translation>
    </message>
    <message>
        <source>Contexts</source>
        <translation>Kontexte</translation>
    </message>
    <message>
        <source>C&amp;ontexts</source>
        <translation>K&amp;ontexte</translation>
    </message>
    <message>
        <source>The project is open for reading only.</source>
        <translation>Das Projekt ist nur zum Lesen geöffnet.</translation>
    </message>
    <message>
        <source>The project knows no model yet: calibrate one first.</source>
        <translation>Das Projekt kennt noch kein Modell: zuerst eines kalibrieren.</translation>
    </message>
    <message>
        <source>Contexts are whole numbers with commas between.</source>
        <translation>Kontexte sind ganze Zahlen, durch Kommas getrennt.</translation>
    </message>
    <message>
        <source>Batches are whole numbers with commas between.</source>
        <translation>Stapel sind ganze Zahlen, durch Kommas getrennt.</translation>
    </message>
    <message>
        <source>A configuration cannot be read.</source>
        <translation>Eine Konfiguration kann nicht gelesen werden.</translation>
    </message>
    <message>
        <source>Ba&amp;tches</source>
        <translation>&amp;Stapel</translation>
    </message>
    <message>
        <source>D&amp;ecoded tokens</source>
        <translation>&amp;Dekodierte Token</translation>
    </message>
</context>
<context>
    <name>kvw::StackedBars</name>
    <message>
        <source>not measured</source>
        <translation>nicht gemessen</translation>
    </message>
    <message>
        <source>Together</source>
        <translation>Zusammen</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
</context>
<context>
    <name>kvw::StartPage</name>
    <message>
        <source>KV Workbench</source>
        <translation>KV Workbench</translation>
    </message>
    <message>
        <source>Look into the key/value cache of a language model, compress it, and measure what that costs and gains.</source>
        <translation>In den Schlüssel-Wert-Cache eines Sprachmodells sehen, ihn komprimieren, und messen, was das kostet und bringt.</translation>
    </message>
    <message>
        <source>Projects</source>
        <translation>Projekte</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>Ö&amp;ffnen…</translation>
    </message>
    <message>
        <source>Ne&amp;w…</source>
        <translation>&amp;Neu…</translation>
    </message>
    <message>
        <source>E&amp;xample</source>
        <translation>B&amp;eispiel</translation>
    </message>
    <message>
        <source>&amp;Recent, or drop a file anywhere on the window:</source>
        <translation>&amp;Zuletzt geöffnet, oder eine Datei irgendwo aufs Fenster ziehen:</translation>
    </message>
    <message>
        <source>Recent projects</source>
        <translation>Zuletzt geöffnete Projekte</translation>
    </message>
    <message>
        <source>O&amp;pen it</source>
        <translation>Es ö&amp;ffnen</translation>
    </message>
    <message>
        <source>C&amp;lear the list</source>
        <translation>Die Liste &amp;leeren</translation>
    </message>
    <message>
        <source>Forget all but the pinned ones; no file is deleted</source>
        <translation>Alle bis auf die angehefteten vergessen; keine Datei wird gelöscht</translation>
    </message>
    <message>
        <source>New calibration</source>
        <translation>Neue Kalibrierung</translation>
    </message>
    <message>
        <source>A calibration reads a text with a model and keeps the moments of its keys and values. Spectra and every basis at every rank follow from it.</source>
        <translation>Eine Kalibrierung liest mit einem Modell einen Text und hält die Momente seiner Schlüssel und Werte fest. Spektren und jede Basis jedes Ranges folgen daraus.</translation>
    </message>
    <message>
        <source>&amp;Model folder:</source>
        <translation>&amp;Modellordner:</translation>
    </message>
    <message>
        <source>&amp;Text:</source>
        <translation>Te&amp;xt:</translation>
    </message>
    <message>
        <source>&amp;Calibrate…</source>
        <translation>&amp;Kalibrieren…</translation>
    </message>
    <message>
        <source>Go to the page where a calibration is set up and started</source>
        <translation>Zu der Seite gehen, auf der eine Kalibrierung eingestellt und gestartet wird</translation>
    </message>
    <message>
        <source>No project is open.</source>
        <translation>Kein Projekt ist geöffnet.</translation>
    </message>
    <message numerus="yes">
        <source>Open: %1, with %n run(s)</source>
        <translation>
            <numerusform>Geöffnet: %1, mit %n Lauf</numerusform>
            <numerusform>Geöffnet: %1, mit %n Läufen</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 (pinned)</source>
        <translation>%1 (angeheftet)</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Pin no more</source>
        <translation>Lösen</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>Anheften</translation>
    </message>
    <message>
        <source>Take out of the list</source>
        <translation>Aus der Liste nehmen</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Start</translation>
    </message>
</context>
<context>
    <name>kvw::SweepForm</name>
    <message>
        <source>Transform</source>
        <translation>Transformation</translation>
    </message>
    <message>
        <source>Ranks</source>
        <translation>Ränge</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>Bits</source>
        <translation>Bits</translation>
    </message>
    <message>
        <source>One scale for</source>
        <translation>Ein Maßstab für</translation>
    </message>
    <message>
        <source>&amp;Keys</source>
        <translation>&amp;Schlüssel</translation>
    </message>
    <message>
        <source>&amp;Values</source>
        <translation>&amp;Werte</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>uniform</source>
        <translation>gleich</translation>
    </message>
    <message>
        <source>by attention</source>
        <translation>nach Aufmerksamkeit</translation>
    </message>
    <message>
        <source>both</source>
        <translation>beide</translation>
    </message>
    <message>
        <source>not quantised</source>
        <translation>nicht quantisiert</translation>
    </message>
    <message>
        <source>each token</source>
        <translation>jedes Token</translation>
    </message>
    <message>
        <source>%1: transform</source>
        <translation>%1: Transformation</translation>
    </message>
    <message>
        <source>%1: ranks</source>
        <translation>%1: Ränge</translation>
    </message>
    <message>
        <source>Numbers with commas, or first..last..step: 32, 48 or 16..64..8</source>
        <translation>Zahlen mit Kommas, oder erste..letzte..Schritt: 32, 48 oder 16..64..8</translation>
    </message>
    <message>
        <source>%1: weights of the moments</source>
        <translation>%1: Gewichte der Momente</translation>
    </message>
    <message>
        <source>%1: bits</source>
        <translation>%1: Bits</translation>
    </message>
    <message>
        <source>One of %1, or several with commas; empty: not quantised</source>
        <translation>Eine von %1 oder mehrere mit Kommas; leer: nicht quantisiert</translation>
    </message>
    <message>
        <source>%1: what shares a scale</source>
        <translation>%1: was sich einen Maßstab teilt</translation>
    </message>
    <message>
        <source>together</source>
        <translation>zusammen</translation>
    </message>
    <message>
        <source>each alone</source>
        <translation>jedes für sich</translation>
    </message>
    <message>
        <source>all</source>
        <translation>alle</translation>
    </message>
    <message>
        <source>Sinks</source>
        <translation>Senken</translation>
    </message>
    <message>
        <source>First positions that are stored raw, several with commas</source>
        <translation>Erste Positionen, die roh gespeichert werden, mehrere mit Kommas</translation>
    </message>
    <message>
        <source>Recent window</source>
        <translation>Jüngstes Fenster</translation>
    </message>
    <message>
        <source>Most recent positions that are stored raw</source>
        <translation>Jüngste Positionen, die roh gespeichert werden</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>Schichten</translation>
    </message>
    <message>
        <source>Layers that are compressed: 0-9, 10-19 makes two curves; empty: all</source>
        <translation>Schichten, die komprimiert werden: 0-9, 10-19 gibt zwei Kurven; leer: alle</translation>
    </message>
    <message>
        <source>Keys and values together, or each alone</source>
        <translation>Schlüssel und Werte zusammen, oder jedes für sich</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>all: every token reads coded tokens, its own included; past:C: chunks of C; step: one token at a time</source>
        <translation>all: jedes Token liest kodierte Token, sein eigenes auch; past:C: Stücke zu C; step: Token für Token</translation>
    </message>
    <message>
        <source>Grid: the text of the sweep</source>
        <translation>Raster: der Text der Reihe</translation>
    </message>
    <message>
        <source>What is measured. It may be edited by hand.</source>
        <translation>Was gemessen wird. Es darf von Hand geändert werden.</translation>
    </message>
    <message>
        <source>No project is open.</source>
        <translation>Kein Projekt ist geöffnet.</translation>
    </message>
    <message>
        <source>The project is open for reading only.</source>
        <translation>Das Projekt ist nur zum Lesen geöffnet.</translation>
    </message>
    <message>
        <source>The project knows no model yet: calibrate one first.</source>
        <translation>Das Projekt kennt noch kein Modell: zuerst eines kalibrieren.</translation>
    </message>
    <message>
        <source>Choose a text to measure on.</source>
        <translation>Einen Text wählen, an dem gemessen wird.</translation>
    </message>
    <message>
        <source>Choose a transform or bits.</source>
        <translation>Eine Transformation oder Bits wählen.</translation>
    </message>
    <message>
        <source>&amp;Together</source>
        <translation>&amp;Zusammen</translation>
    </message>
    <message>
        <source>&amp;Sinks</source>
        <translation>Senk&amp;en</translation>
    </message>
    <message>
        <source>&amp;Recent</source>
        <translation>&amp;Jüngste</translation>
    </message>
    <message>
        <source>L&amp;ayers</source>
        <translation>Sch&amp;ichten</translation>
    </message>
    <message>
        <source>&amp;Model</source>
        <translation>&amp;Modell</translation>
    </message>
    <message>
        <source>Tok&amp;ens</source>
        <translation>To&amp;ken</translation>
    </message>
    <message>
        <source>&amp;Window</source>
        <translation>&amp;Fenster</translation>
    </message>
    <message>
        <source>Proto&amp;col</source>
        <translation>&amp;Protokoll</translation>
    </message>
    <message>
        <source>Te&amp;xt</source>
        <translation>Te&amp;xt</translation>
    </message>
    <message>
        <source>even &amp;on text that the calibration has read</source>
        <translation>&amp;auch an Text, den die Kalibrierung gelesen hat</translation>
    </message>
    <message>
        <source>Start the swee&amp;p</source>
        <translation>Die Reihe s&amp;tarten</translation>
    </message>
    <message>
        <source>Gr&amp;id</source>
        <translation>&amp;Raster</translation>
    </message>
    <message numerus="yes">
        <source>%n configuration(s).</source>
        <translation>
            <numerusform>%n Konfiguration.</numerusform>
            <numerusform>%n Konfigurationen.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>kvw::TableView</name>
    <message>
        <source>Copy rows</source>
        <translation>Zeilen kopieren</translation>
    </message>
    <message>
        <source>Copy rows with header</source>
        <translation>Zeilen mit Kopf kopieren</translation>
    </message>
    <message>
        <source>Copy table with header</source>
        <translation>Tabelle mit Kopf kopieren</translation>
    </message>
</context>
<context>
    <name>kvw::ThroughputPage</name>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Geschwindigkeit</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>Measure speed…</source>
        <translation>Geschwindigkeit messen…</translation>
    </message>
    <message>
        <source>Decoding and prefill of configurations in turn, with the bandwidth of this machine</source>
        <translation>Dekodieren und Einlesen mit Konfigurationen im Wechsel, mit der Bandbreite dieser Maschine</translation>
    </message>
    <message>
        <source>Measurement</source>
        <translation>Messung</translation>
    </message>
    <message>
        <source>Context and batch</source>
        <translation>Kontext und Stapel</translation>
    </message>
    <message>
        <source>Fi&amp;gures of</source>
        <translation>Ab&amp;bildungen zu</translation>
    </message>
    <message>
        <source>&amp;at</source>
        <translation>&amp;bei</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>context %1, batch %2</source>
        <translation>Kontext %1, Stapel %2</translation>
    </message>
    <message>
        <source>%1; model %2, %3, %4</source>
        <translation>%1; Modell %2, %3, %4</translation>
    </message>
    <message>
        <source>Bytes of the cache, %1</source>
        <translation>Bytes des Cache, %1</translation>
    </message>
    <message>
        <source>Payload</source>
        <translation>Nutzlast</translation>
    </message>
    <message>
        <source>Scales</source>
        <translation>Maßstäbe</translation>
    </message>
    <message>
        <source>Raw tokens</source>
        <translation>Rohe Token</translation>
    </message>
    <message>
        <source>Padding</source>
        <translation>Füllung</translation>
    </message>
    <message>
        <source>Bases</source>
        <translation>Basen</translation>
    </message>
    <message>
        <source>Scratch</source>
        <translation>Arbeitsspeicher</translation>
    </message>
    <message>
        <source>Bytes</source>
        <translation>Bytes</translation>
    </message>
    <message>
        <source>Speed of decoding, batch %1</source>
        <translation>Geschwindigkeit des Dekodierens, Stapel %1</translation>
    </message>
    <message>
        <source>This project has no runs yet. Calibrate a model, then measure its quality or its speed.</source>
        <translation>Dieses Projekt hat noch keine Läufe. Ein Modell kalibrieren, dann seine Qualität oder Geschwindigkeit messen.</translation>
    </message>
    <message>
        <source>Calibrate…</source>
        <translation>Kalibrieren…</translation>
    </message>
    <message>
        <source>Memory and speed</source>
        <translation>Speicher und Geschwindigkeit</translation>
    </message>
</context>
<context>
    <name>kvw::ThroughputPlot</name>
    <message>
        <source>Context (tokens)</source>
        <translation>Kontext (Token)</translation>
    </message>
    <message>
        <source>Decoding (tokens/s)</source>
        <translation>Dekodieren (Token/s)</translation>
    </message>
    <message>
        <source>Curve</source>
        <translation>Kurve</translation>
    </message>
    <message>
        <source>Context [tokens]</source>
        <translation>Kontext [Token]</translation>
    </message>
    <message>
        <source>Median [tokens/s]</source>
        <translation>Median [Token/s]</translation>
    </message>
    <message>
        <source>p10 [tokens/s]</source>
        <translation>p10 [Token/s]</translation>
    </message>
    <message>
        <source>p90 [tokens/s]</source>
        <translation>p90 [Token/s]</translation>
    </message>
    <message>
        <source>Bandwidth bound [tokens/s]</source>
        <translation>Grenze der Bandbreite [Token/s]</translation>
    </message>
</context>
<context>
    <name>kvw::WorkerClient</name>
    <message numerus="yes">
        <source>The worker %1 has said nothing for %n second(s) after its start.</source>
        <translation>
            <numerusform>Der Worker %1 hat seit seinem Start vor %n Sekunde nichts gesagt.</numerusform>
            <numerusform>Der Worker %1 hat seit seinem Start vor %n Sekunden nichts gesagt.</numerusform>
        </translation>
    </message>
    <message>
        <source>Look at its log; start the job again when the machine is less busy.</source>
        <translation>In sein Protokoll sehen; den Auftrag noch einmal starten, wenn die Maschine weniger zu tun hat.</translation>
    </message>
    <message>
        <source>no message: %1</source>
        <translation>keine Nachricht: %1</translation>
    </message>
    <message numerus="yes">
        <source>The worker wrote %n line(s) that are not messages; the first: %1</source>
        <translation>
            <numerusform>Der Worker hat %n Zeile geschrieben, die keine Nachricht ist: %1</numerusform>
            <numerusform>Der Worker hat %n Zeilen geschrieben, die keine Nachrichten sind; die erste: %1</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 may be another program, or of another version.</source>
        <translation>%1 ist vielleicht ein anderes Programm, oder von einer anderen Version.</translation>
    </message>
    <message>
        <source>warning: %1</source>
        <translation>Warnung: %1</translation>
    </message>
    <message>
        <source>The worker %1 (version %2) speaks version %3 of the protocol, this window version %4.</source>
        <translation>Der Worker %1 (Version %2) spricht Version %3 des Protokolls, dieses Fenster Version %4.</translation>
    </message>
    <message>
        <source>Install kvw and kvworkbench of the same version.</source>
        <translation>kvw und kvworkbench derselben Version installieren.</translation>
    </message>
    <message>
        <source>It was ended before it had answered; what it had committed is kept.</source>
        <translation>Er wurde beendet, bevor er geantwortet hatte; was er festgeschrieben hatte, bleibt.</translation>
    </message>
    <message>
        <source>It was cancelled; what it had committed is kept.</source>
        <translation>Er wurde abgebrochen; was er festgeschrieben hatte, bleibt.</translation>
    </message>
    <message>
        <source>The worker %1 could not be started: %2.</source>
        <translation>Der Worker %1 konnte nicht gestartet werden: %2.</translation>
    </message>
    <message>
        <source>The worker %1 is not there.</source>
        <translation>Der Worker %1 ist nicht da.</translation>
    </message>
    <message>
        <source>Build or install kvw beside kvworkbench, or name it in the environment variable KVW_WORKER.</source>
        <translation>kvw neben kvworkbench bauen oder installieren, oder in der Umgebungsvariablen KVW_WORKER nennen.</translation>
    </message>
    <message>
        <source>before it said anything</source>
        <translation>bevor er etwas gesagt hat</translation>
    </message>
    <message>
        <source>before its first stage</source>
        <translation>vor seiner ersten Stufe</translation>
    </message>
    <message>
        <source>in stage %1 of %2, &quot;%3&quot;</source>
        <translation>in Stufe %1 von %2, „%3“</translation>
    </message>
    <message>
        <source>The worker was told to end by a signal from outside this window, %1; what it had committed is kept.</source>
        <translation>Der Worker bekam ein Signal von außerhalb dieses Fensters, zu enden, %1; was er festgeschrieben hatte, bleibt.</translation>
    </message>
    <message>
        <source>SIGTERM and SIGINT do that, as when a session or the machine is shut down. Run the job again.</source>
        <translation>SIGTERM und SIGINT tun das, etwa wenn eine Sitzung oder die Maschine beendet wird. Den Auftrag noch einmal starten.</translation>
    </message>
    <message>
        <source>It was cancelled, and the worker was ended by %1 before it had answered; what it had committed is kept.</source>
        <translation>Er wurde abgebrochen, und der Worker wurde von %1 beendet, bevor er geantwortet hatte; was er festgeschrieben hatte, bleibt.</translation>
    </message>
    <message>
        <source>The worker was ended by SIGKILL, perhaps because memory ran out, %1; what it had committed is kept.</source>
        <translation>Der Worker wurde von SIGKILL beendet, vielleicht weil der Speicher nicht reichte, %1; was er festgeschrieben hatte, bleibt.</translation>
    </message>
    <message>
        <source>The worker was ended by %1, %2; what it had committed is kept.</source>
        <translation>Der Worker wurde von %1 beendet, %2; was er festgeschrieben hatte, bleibt.</translation>
    </message>
    <message>
        <source>The worker ended without a result (exit code %1), %2; what it had committed is kept.</source>
        <translation>Der Worker hat ohne Ergebnis geendet (Rückgabewert %1), %2; was er festgeschrieben hatte, bleibt.</translation>
    </message>
    <message>
        <source>Close other programs, or take a shorter window or context, fewer sequences or the type bf16. The log has what it wrote last.</source>
        <translation>Andere Programme schließen, oder ein kürzeres Fenster, einen kürzeren Kontext, weniger Folgen oder den Typ bf16 nehmen. Im Protokoll steht, was er zuletzt geschrieben hat.</translation>
    </message>
    <message>
        <source>The log has what it wrote last.</source>
        <translation>Im Protokoll steht, was er zuletzt geschrieben hat.</translation>
    </message>
</context>
<context>
    <name>kvw::Workspace</name>
    <message>
        <source>%1 could not be opened: %2</source>
        <translation>%1 konnte nicht geöffnet werden: %2</translation>
    </message>
</context>
</TS>
