@echo off
set ORT_DISABLE_TELEMETRY=1
set HERE=%~dp0..
if defined JAVA_HOME (set JAVA="%JAVA_HOME%\bin\java") else (set JAVA=java)
%JAVA% "@%HERE%\lib\java.options" %DETENT_JAVA_OPTS% -Ddetent.home="%HERE%" -jar "%HERE%\lib\detent-cli-@{project.version}.jar" %*
