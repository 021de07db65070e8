return s.replace(/x/g, '$&$1$`$$');
