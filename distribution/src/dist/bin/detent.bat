@echo off
set ORT_DISABLE_TELEMETRY=1
set HERE=%~dp0..
if defined JAVA_HOME (set JAVA="%JAVA_HOME%\bin\java") else (set JAVA=java)
rem Commands that run no model end before the optimizing compiler pays.
set COMPILER=-XX:TieredStopAtLevel=1
for %%c in (quantize analyze tune observe evaluate verify trace demo plugins) do if "%~1"=="%%c" set COMPILER=
%JAVA% "@%HERE%\lib\java.options" %COMPILER% %DETENT_JAVA_OPTS% -Ddetent.home="%HERE%" -jar "%HERE%\lib\detent-cli-@{project.version}.jar" %*
