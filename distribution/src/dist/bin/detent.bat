@echo off
set ORT_DISABLE_TELEMETRY=1
set HERE=%~dp0..
if defined JAVA_HOME (set JAVA="%JAVA_HOME%\bin\java") else (set JAVA=java)
%JAVA% -XX:+UseSerialGC -XX:FreqInlineSize=60 -XX:MaxInlineLevel=3 -XX:InlineSmallCode=800 -XX:+IgnoreUnrecognizedVMOptions --sun-misc-unsafe-memory-access=allow %DETENT_JAVA_OPTS% -Ddetent.home="%HERE%" -jar "%HERE%\lib\detent-cli-@project.version@.jar" %*
