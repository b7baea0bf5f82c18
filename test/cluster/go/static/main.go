// Command static is the only file of the image `static`: a program for tests that need an image without a shell.
//
//	static                      prints "hi"
//	static echo WORDS...        prints WORDS to stdout
//	static err WORDS...         prints WORDS to stderr
//	static exit CODE            ends with CODE
//	static sleep SECONDS        sleeps, and ends with 0 at SIGTERM
//	static cat                  copies stdin to stdout
//	static env                  prints the environment
//	static id                   prints user, group and working directory
//	static pause                is the first process of a Pod: reaps, and ends at SIGTERM
//	static serve ADDRESS TEXT   answers every HTTP request with TEXT
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	args := append(os.Args[1:], "", "")
	words := strings.TrimSpace(strings.Join(args[1:], " "))
	switch args[0] {
	case "":
		fmt.Println("hi")
	case "echo":
		fmt.Println(words)
	case "err":
		fmt.Fprintln(os.Stderr, words)
	case "exit":
		os.Exit(int(number(args[1])))
	case "sleep":
		sleep(time.Duration(number(args[1]) * float64(time.Second)))
	case "cat":
		check(copyInput())
	case "env":
		fmt.Println(strings.Join(os.Environ(), "\n"))
	case "id":
		folder, err := os.Getwd()
		check(err)
		fmt.Printf("uid=%d gid=%d cwd=%s\n", os.Getuid(), os.Getgid(), folder)
	case "pause":
		pause()
	case "serve":
		check(serve(args[1], args[2]))
	default:
		check(fmt.Errorf("unknown word %q", args[0]))
	}
}

func sleep(duration time.Duration) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	select {
	case <-time.After(duration):
	case <-ended:
	}
}

func pause() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}

func copyInput() error {
	_, err := io.Copy(os.Stdout, os.Stdin)
	return err
}

func serve(address, text string) error {
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.Path)
		fmt.Fprintln(w, text)
	}))
}

func number(text string) float64 {
	value, err := strconv.ParseFloat(text, 64)
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "static:", err)
		os.Exit(1)
	}
}
