// Start N goroutines that do nothing and end, of which every thousandth is
// waited for. The result is how many of those ended.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func arg(i int, def int) int {
	if len(os.Args) > i {
		if v, err := strconv.Atoi(os.Args[i]); err == nil {
			return v
		}
	}
	return def
}

func report(result any, d time.Duration) {
	fmt.Printf("RESULT %v\nTIME_MS %.3f\n", result, float64(d.Nanoseconds())/1e6)
}

func main() {
	n := arg(1, 1000000)
	t0 := time.Now()
	ended := 0
	for left := n / 1000; left > 0; left-- {
		for i := 0; i < 999; i++ {
			go func() {}()
		}
		done := make(chan struct{})
		go func() { close(done) }()
		<-done
		ended++
	}
	report(ended, time.Since(t0))
}
